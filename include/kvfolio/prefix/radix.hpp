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
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>
#include <kvfolio/prefix/token_slab.hpp>

namespace kvfolio::prefix {

/// A tree of pages in which most pages have one child: the *heir*, to which a link leads, so that a
/// conversation is walked by comparing tokens and hashing nothing. Further children are found by
/// the key of their prefix. A hit is verified: every token, and the scope, is compared. The
/// default.
///
/// It is a radix tree (SGLang's cache, Zheng et al., 2024) whose edges are lists of pages instead
/// of arrays: they grow by one page, split and shrink without moving anything, and a match changes
/// nothing. `match` is about the time to read the tokens, with those of the next pages on their way
/// from memory; `extend` and `erase` are O(1) expected. No recursion; 10,000 children of a page are
/// as fast as ten. Costs 40 to 48 bytes per page and 4 per token, and allocates nothing after
/// construction. One owner thread.
template <class Hash = keyed_hash>
class basic_radix {
 public:
  static constexpr bool enabled = true;  ///< pages can be found

  /// Makes an index of nothing. \throws std::bad_alloc
  basic_radix(std::size_t pages, std::uint32_t tokens_per_page, std::uint64_t seed)
      : hash_{seed},
        tokens_{pages, tokens_per_page},
        nodes_(pages),
        media_{pages},
        roots_{pages},
        buckets_(std::bit_ceil(pages + 1), none) {}

  /// `page` holds `tokens` from `offset` on.
  void note(page_id page, std::uint32_t offset, std::span<const token_id> tokens) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    tokens_.write(page, offset, tokens);
  }

  /// `to` holds the first `count` tokens that `from` does.
  void copy_note(page_id from, page_id to, std::uint32_t count) noexcept {
    note(to, 0, tokens_[from].first(count));
  }

  /// Writes the longest indexed prefix of `tokens` in whole pages to `out`. About 4 ns a page of 16
  /// tokens in cache.
  [[nodiscard]] prefix_cursor match(const prefix_realm& realm, std::span<const token_id> tokens,
                                    std::span<page_id> out) const noexcept {
    const auto per_page = tokens_.per_page();
    const auto most = std::min(out.size(), tokens.size() / per_page);
    prefix_cursor at;
    auto ahead = none;
    for (const auto* wanted = tokens.data(); at.pages < most; wanted += per_page) {
      const auto media = hash_.media(realm.media, at.pages * per_page, per_page);
      auto next = at.page ? node(*at.page).heir : none;
      if (next == none || !is(next, wanted, media)) {
        next = other_child(realm, at, wanted, media);
        if (next == none) break;
        ahead = next;
        for (int i = 0; i < look_ahead && ahead != none; ++i) ahead = step_ahead(ahead);
      } else if (ahead != none) {
        ahead = step_ahead(ahead);
      }
      at.page = page_id{next};
      out[at.pages++] = *at.page;
    }
    if (at.page) at.key = key(*at.page);
    return at;
  }

  /// The indexed page after `at` that holds what `page` does; `page`, if there was none.
  prefix_cursor extend(const prefix_realm& realm, const prefix_cursor& at, page_id page) noexcept {
    const auto* held = tokens_[page].data();
    const auto per_page = tokens_.per_page();
    const auto media = hash_.media(realm.media, at.pages * per_page, per_page);
    auto found = at.page ? node(*at.page).heir : none;
    if (found == none || !is(found, held, media)) found = other_child(realm, at, held, media);
    if (found == none) {
      insert(realm, at, page, media);
      found = static_cast<std::uint32_t>(page);
    }
    return {.page = page_id{found}, .key = nodes_[found].key, .pages = at.pages + 1};
  }

  /// Forgets `page`. Precondition: `contains(page)`, and it has no child.
  void erase(page_id page) noexcept {
    auto& self = node(page);
    const auto id = static_cast<std::uint32_t>(page);
    KVFOLIO_EXPECTS(contains(page) && self.heir == none);
    if (self.parent != none && nodes_[self.parent].heir == id) {
      nodes_[self.parent].heir = none;
    } else {
      auto* link = &bucket(self.key);
      while (*link != id) link = &nodes_[*link].next;
      *link = self.next;
    }
    self = {};
    --size_;
  }

  /// Is `page` indexed?
  [[nodiscard]] bool contains(page_id page) const noexcept { return node(page).indexed; }

  /// The page before `page`. Precondition: `contains(page)`.
  [[nodiscard]] std::optional<page_id> parent(page_id page) const noexcept {
    const auto before = node(page).parent;
    if (before == none) return std::nullopt;
    return page_id{before};
  }

  /// The key of the prefix that ends with `page`. Precondition: `contains(page)`.
  [[nodiscard]] content_key key(page_id page) const noexcept { return node(page).key; }

  /// Number of indexed pages.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr int look_ahead = 16;
  using media_key = std::array<std::uint64_t, 2>;

  struct page_node {
    content_key key{};
    std::uint32_t parent = none;
    std::uint32_t heir = none;
    std::uint32_t next = none;  // in its bucket, if it is nobody's heir
    bool indexed = false;
    bool has_media = false;
  };
  [[nodiscard]] page_node& node(page_id page) noexcept { return nodes_[to_index(page)]; }
  [[nodiscard]] const page_node& node(page_id page) const noexcept {
    return nodes_[to_index(page)];
  }
  [[nodiscard]] std::uint32_t& bucket(content_key key) noexcept {
    return buckets_[static_cast<std::uint64_t>(key) & (buckets_.size() - 1)];
  }
  [[nodiscard]] const std::uint32_t& bucket(content_key key) const noexcept {
    return buckets_[static_cast<std::uint64_t>(key) & (buckets_.size() - 1)];
  }

  // Does the page hold these tokens, and these media?
  [[nodiscard]] bool is(std::uint32_t id, const token_id* tokens,
                        const media_key& media) const noexcept {
    const bool has_media = media != media_key{};
    if (nodes_[id].has_media != has_media || (has_media && media_[id] != media)) return false;
    return tokens_.holds(page_id{id}, tokens);
  }

  [[nodiscard]] content_key key_after(const prefix_realm& realm, const prefix_cursor& at,
                                      const token_id* tokens,
                                      const media_key& media) const noexcept {
    const auto before = at.page ? key(*at.page) : hash_.root(realm.scope);
    return hash_.chain(before, hash_.local({tokens, tokens_.per_page()}), media);
  }

  // The child that is not the heir; none, if there is none.
  [[nodiscard]] std::uint32_t other_child(const prefix_realm& realm, const prefix_cursor& at,
                                          const token_id* tokens,
                                          const media_key& media) const noexcept {
    const auto key = key_after(realm, at, tokens, media);
    const auto parent = at.page ? static_cast<std::uint32_t>(*at.page) : none;
    for (auto id = bucket(key); id != none; id = nodes_[id].next) {
      const auto& self = nodes_[id];
      if (self.key != key || self.parent != parent || !is(id, tokens, media)) continue;
      if (parent != none || roots_[id] == realm.words()) return id;
    }
    return none;
  }

  void insert(const prefix_realm& realm, const prefix_cursor& at, page_id page,
              const media_key& media) noexcept {
    KVFOLIO_EXPECTS(!contains(page));
    const auto id = static_cast<std::uint32_t>(page);
    auto& self = node(page);
    self = {.key = key_after(realm, at, tokens_[page].data(), media),
            .parent = at.page ? static_cast<std::uint32_t>(*at.page) : none,
            .indexed = true,
            .has_media = media != media_key{}};
    if (self.has_media) media_[id] = media;
    if (self.parent == none) roots_[id] = realm.words();
    if (self.parent != none && nodes_[self.parent].heir == none) {
      nodes_[self.parent].heir = id;
    } else {
      auto& first = bucket(self.key);
      self.next = first;
      first = id;
    }
    ++size_;
  }

  // Asks for the tokens of a page that may be needed soon, and returns the one after it.
  [[nodiscard]] std::uint32_t step_ahead(std::uint32_t id) const noexcept {
    tokens_.prefetch(page_id{id});
    return nodes_[id].heir;
  }

  Hash hash_;
  token_slab tokens_;
  std::vector<page_node> nodes_;
  raw_array<media_key> media_;    // by page, where there are media
  raw_array<realm_words> roots_;  // by page, where it is the first of a prefix
  std::vector<std::uint32_t> buckets_;
  std::size_t size_ = 0;
};

/// The default prefix index.
using radix = basic_radix<>;

static_assert(prefix_index<radix>);

}  // namespace kvfolio::prefix
