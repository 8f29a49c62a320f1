// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/identity.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>
#include <kvfolio/prefix/page_contents.hpp>

namespace kvfolio::prefix {

/// Finds pages by a key chained from the root: the key of a page depends on its tokens and on the
/// key of the page before it (vLLM's block hashes, 2024). One hash table holds all pages.
///
/// Slower than `radix` where conversations are long, because every page is hashed and looked up;
/// the keys are what other processes could be told. Keys of 16 pages are made at a time, so that
/// their places in the table are on their way from memory together. `match`, `extend` and `erase`
/// are O(1) expected a page. `Identity` says what a key is, and whether it is trusted. Costs the
/// key and 17 to 21 bytes per page, 4 per token, and 48 that are touched only for first pages and
/// media of keys that are verified; allocates nothing after construction. One owner thread.
template <prefix_identity Identity = verified>
class hashed {
 public:
  static constexpr bool enabled = true;          ///< pages can be found
  using key_type = typename Identity::key_type;  ///< what names a page

  /// Makes an index of nothing. \throws std::bad_alloc
  hashed(std::size_t pages, std::uint32_t tokens_per_page, std::uint64_t seed)
      : identity_{seed},
        media_hash_{seed},
        contents_{pages, tokens_per_page},
        nodes_(pages),
        buckets_(std::bit_ceil(pages + 1), none) {}

  /// `page` holds `tokens` from `offset` on.
  void note(page_id page, std::uint32_t offset, std::span<const token_id> tokens) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    contents_.tokens().write(page, offset, tokens);
  }

  /// `to` holds the first `count` tokens that `from` does.
  void copy_note(page_id from, page_id to, std::uint32_t count) noexcept {
    note(to, 0, contents_.tokens()[from].first(count));
  }

  /// The tokens of `page`; those that were not noted are unspecified.
  [[nodiscard]] std::span<const token_id> tokens(page_id page) const noexcept {
    return contents_.tokens()[page];
  }

  /// Writes the longest indexed prefix of `tokens` in whole pages to `out`.
  [[nodiscard]] prefix_cursor match(const prefix_realm& realm, std::span<const token_id> tokens,
                                    std::span<page_id> out) const noexcept {
    const auto per_page = contents_.tokens().per_page();
    const auto most = std::min(out.size(), tokens.size() / per_page);
    prefix_cursor at;
    std::array<key_type, batch> keys{};
    auto before = root_key(realm);
    while (at.pages < most) {
      const auto count = std::min(batch, most - at.pages);
      const auto* wanted = tokens.data() + at.pages * per_page;
      for (std::size_t i = 0; i < count; ++i) {
        before = keys[i] = key_after(realm, before, at.pages + i, wanted + i * per_page);
        __builtin_prefetch(&buckets_[slot(before)]);
      }
      for (std::size_t i = 0; i < count; ++i, wanted += per_page) {
        const auto id = find(realm, at, keys[i], wanted);
        if (id == none) return at;
        at.page = page_id{id};
        out[at.pages++] = *at.page;
      }
    }
    return at;
  }

  /// The indexed page after `at` that holds what `page` does; `page`, if there was none.
  prefix_cursor extend(const prefix_realm& realm, const prefix_cursor& at, page_id page) noexcept {
    const auto* held = tokens(page).data();
    const auto before = at.page ? nodes_[to_index(*at.page)].key : root_key(realm);
    const auto key = key_after(realm, before, at.pages, held);
    auto id = find(realm, at, key, held);
    if (id == none) {
      KVFOLIO_EXPECTS(!contains(page));
      id = static_cast<std::uint32_t>(page);
      if constexpr (Identity::verifies) {
        contents_.describe(page, media_of(realm, at.pages));
        if (!at.page) contents_.place(page, realm.words());
      }
      auto& first = buckets_[slot(key)];
      nodes_[id] = {.key = key,
                    .parent = at.page ? static_cast<std::uint32_t>(*at.page) : none,
                    .next = first,
                    .indexed = true};
      first = id;
      ++size_;
    }
    return {.page = page_id{id}, .pages = at.pages + 1};
  }

  /// Forgets `page`. Precondition: `contains(page)`, and it has no child.
  void erase(page_id page) noexcept {
    auto& self = nodes_[to_index(page)];
    KVFOLIO_EXPECTS(self.indexed);
    auto* link = &buckets_[slot(self.key)];
    while (*link != static_cast<std::uint32_t>(page)) link = &nodes_[*link].next;
    *link = self.next;
    self = {};
    --size_;
  }

  /// Is `page` indexed?
  [[nodiscard]] bool contains(page_id page) const noexcept {
    return nodes_[to_index(page)].indexed;
  }

  /// The page before `page`. Precondition: `contains(page)`.
  [[nodiscard]] std::optional<page_id> parent(page_id page) const noexcept {
    const auto before = nodes_[to_index(page)].parent;
    if (before == none) return std::nullopt;
    return page_id{before};
  }

  /// Number of indexed pages.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Tokens of a page.
  [[nodiscard]] std::uint32_t tokens_per_page() const noexcept {
    return contents_.tokens().per_page();
  }

  /// The key of the empty prefix.
  [[nodiscard]] key_type root_key(const prefix_realm& realm) const noexcept {
    return identity_.root(realm);
  }

  /// The key of the page of `tokens` that follows `depth` others, of which the last has the key
  /// `before`. O(tokens). Precondition: they are a whole page's.
  [[nodiscard]] key_type next_key(const prefix_realm& realm, const key_type& before,
                                  std::size_t depth,
                                  std::span<const token_id> tokens) const noexcept {
    KVFOLIO_EXPECTS(tokens.size() == tokens_per_page());
    return key_after(realm, before, depth, tokens.data());
  }

  /// Leading `keys`, one a page of a prompt, whose pages are indexed. O(log keys), by galloping.
  ///
  /// A page is indexed only if its parent is; so of the pages of a prompt, those that are indexed
  /// are the first ones, and whether one is says on which side the answer lies. Nothing is
  /// compared but keys: good to admit and to route by, and as certain as keys are. `match` decides.
  [[nodiscard]] std::size_t count_indexed(std::span<const key_type> keys) const noexcept {
    std::size_t known = 0;  // so many are indexed
    std::size_t step = 1;
    while (known + step <= keys.size() && has(keys[known + step - 1])) {
      known += step;
      step *= 2;
    }
    for (auto end = std::min(known + step, keys.size() + 1); known + 1 < end;) {
      const auto middle = known + (end - known) / 2;
      (has(keys[middle - 1]) ? known : end) = middle;
    }
    return known;
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::size_t batch = 16;

  struct page_node {
    key_type key{};
    std::uint32_t parent = none;
    std::uint32_t next = none;  // in its bucket
    bool indexed = false;
  };

  [[nodiscard]] media_key media_of(const prefix_realm& realm, std::size_t index) const noexcept {
    if (realm.media.empty()) return {};
    const auto per_page = contents_.tokens().per_page();
    return media_hash_.media(realm.media, index * per_page, per_page);
  }

  // The key of the page of `tokens` after `index` others, of which the last has the key `before`.
  [[nodiscard]] key_type key_after(const prefix_realm& realm, const key_type& before,
                                   std::size_t index, const token_id* tokens) const noexcept {
    const std::size_t per_page = contents_.tokens().per_page();
    return identity_.next(realm, before, index * per_page, {tokens, per_page});
  }

  [[nodiscard]] std::size_t slot(const key_type& key) const noexcept {
    return static_cast<std::size_t>(key[0]) & (buckets_.size() - 1);
  }

  [[nodiscard]] bool has(const key_type& key) const noexcept {
    auto id = buckets_[slot(key)];
    while (id != none && nodes_[id].key != key) id = nodes_[id].next;
    return id != none;
  }

  // The page with this key that follows `at`; none, if there is none.
  [[nodiscard]] std::uint32_t find(const prefix_realm& realm, const prefix_cursor& at,
                                   const key_type& key, const token_id* tokens) const noexcept {
    const auto parent = at.page ? static_cast<std::uint32_t>(*at.page) : none;
    for (auto id = buckets_[slot(key)]; id != none; id = nodes_[id].next) {
      if (nodes_[id].key != key || nodes_[id].parent != parent) continue;
      if constexpr (Identity::verifies) {
        if (!contents_.holds(page_id{id}, tokens, media_of(realm, at.pages))) continue;
        if (parent == none && contents_.realm(page_id{id}) != realm.words()) continue;
      }
      return id;
    }
    return none;
  }

  Identity identity_;
  keyed_hash media_hash_;  // of what is compared
  page_contents contents_;
  std::vector<page_node> nodes_;
  std::vector<std::uint32_t> buckets_;
  std::size_t size_ = 0;
};

static_assert(prefix_index<hashed<>> && prefix_index<hashed<by_128_bit>>);

}  // namespace kvfolio::prefix
