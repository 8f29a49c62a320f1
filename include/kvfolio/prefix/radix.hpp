// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>
#include <kvfolio/prefix/page_contents.hpp>

namespace kvfolio::prefix {

/// A tree of pages in which most pages have one child: the *heir*, to which a link leads, so that a
/// conversation is walked by comparing tokens and hashing nothing. Further children are found in a
/// hash table. A hit is verified: every token, and the scope, is compared. The default.
///
/// It is a radix tree (SGLang's cache, Zheng et al., 2024) whose edges are lists of pages instead
/// of arrays: they grow by one page, split and shrink without moving anything, and a match changes
/// nothing. `match` takes about the time to read the tokens, with those of the next 16 pages on
/// their way from memory; `extend` and `erase` are O(1) expected. No recursion; 10,000 children of
/// a page are as fast as ten. Costs 17 to 21 bytes per page, 4 per token, and 48 that are touched
/// only for first pages and media; allocates nothing after construction. One owner thread.
template <class Hash = keyed_hash>
class basic_radix {
 public:
  static constexpr bool enabled = true;  ///< pages can be found

  /// Makes an index of nothing. \throws std::bad_alloc
  basic_radix(std::size_t pages, std::uint32_t tokens_per_page, std::uint64_t seed)
      : hash_{seed},
        contents_{pages, tokens_per_page},
        heirs_(pages, none),
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

  /// All tokens of `page`. Precondition: `contains(page)`.
  [[nodiscard]] std::span<const token_id> tokens(page_id page) const noexcept {
    return contents_.tokens()[page];
  }

  /// Writes the longest indexed prefix of `tokens` in whole pages to `out`.
  [[nodiscard]] prefix_cursor match(const prefix_realm& realm, std::span<const token_id> tokens,
                                    std::span<page_id> out) const noexcept {
    const auto per_page = contents_.tokens().per_page();
    const auto most = std::min(out.size(), tokens.size() / per_page);
    auto last = none;
    auto ahead = none;
    std::size_t found = 0;
    for (const auto* wanted = tokens.data(); found < most; ++found, wanted += per_page) {
      const auto media = media_of(realm, found);
      auto next = last == none ? none : heirs_[last];
      if (next != none && contents_.holds(page_id{next}, wanted, media)) {
        if (ahead != none) ahead = step_ahead(ahead);
      } else {
        next = other_child(realm, last, wanted, media);
        if (next == none) break;
        ahead = next;
        for (int i = 0; i < look_ahead && ahead != none; ++i) ahead = step_ahead(ahead);
      }
      last = next;
      out[found] = page_id{last};
    }
    return cursor(last, found);
  }

  /// The indexed page after `at` that holds what `page` does; `page`, if there was none.
  prefix_cursor extend(const prefix_realm& realm, const prefix_cursor& at, page_id page) noexcept {
    const auto id = static_cast<std::uint32_t>(page);
    const auto parent = at.page ? static_cast<std::uint32_t>(*at.page) : none;
    const auto* held = tokens(page).data();
    const auto media = media_of(realm, at.pages);
    auto found = parent == none ? none : heirs_[parent];
    if (found == none || !contents_.holds(page_id{found}, held, media)) {
      found = other_child(realm, parent, held, media);
      if (found == none) found = insert(realm, parent, id, media);
    }
    return cursor(found, at.pages + 1);
  }

  /// Forgets `page`. Precondition: `contains(page)`, and it has no child.
  void erase(page_id page) noexcept {
    const auto id = static_cast<std::uint32_t>(page);
    auto& self = nodes_[id];
    KVFOLIO_EXPECTS(contains(page) && heirs_[id] == none);
    if (self.parent != none && heirs_[self.parent] == id) {
      heirs_[self.parent] = none;
    } else {
      const auto realm = self.parent == none ? contents_.realm(page) : realm_words{};
      auto* link = &bucket(realm, self.parent, tokens(page).data());
      while (*link != id) link = &nodes_[*link].next;
      *link = self.next;
    }
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

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr int look_ahead = 16;

  struct page_node {
    std::uint32_t parent = none;
    std::uint32_t next = none;  // in its bucket, if it is nobody's heir
    bool indexed = false;
    bool has_others = false;  // it may have children that are not its heir
  };

  [[nodiscard]] static prefix_cursor cursor(std::uint32_t id, std::size_t pages) noexcept {
    if (id == none) return {};
    return {.page = page_id{id}, .pages = pages};
  }

  [[nodiscard]] media_key media_of(const prefix_realm& realm, std::size_t index) const noexcept {
    if (realm.media.empty()) return {};
    return hash_.media(realm.media, index * contents_.tokens().per_page(),
                       contents_.tokens().per_page());
  }

  // Where a child of `parent` is found that is not its heir, by its tokens; for the first page of a
  // prefix, by its realm too.
  [[nodiscard]] std::size_t slot(const realm_words& realm, std::uint32_t parent,
                                 const token_id* tokens) const noexcept {
    const auto local = hash_.local({tokens, contents_.tokens().per_page()});
    const auto key = parent == none ? hash_.chain(realm, local) : hash_.chain(parent, local);
    return static_cast<std::size_t>(key) & (buckets_.size() - 1);
  }
  [[nodiscard]] std::uint32_t& bucket(const realm_words& realm, std::uint32_t parent,
                                      const token_id* tokens) noexcept {
    return buckets_[slot(realm, parent, tokens)];
  }

  // The child that is not the heir; none, if there is none.
  [[nodiscard]] std::uint32_t other_child(const prefix_realm& realm, std::uint32_t parent,
                                          const token_id* tokens,
                                          const media_key& media) const noexcept {
    if (parent != none && !nodes_[parent].has_others) return none;
    const auto words = realm.words();
    for (auto id = buckets_[slot(words, parent, tokens)]; id != none; id = nodes_[id].next) {
      if (nodes_[id].parent != parent || !contents_.holds(page_id{id}, tokens, media)) continue;
      if (parent != none || contents_.realm(page_id{id}) == words) return id;
    }
    return none;
  }

  std::uint32_t insert(const prefix_realm& realm, std::uint32_t parent, std::uint32_t id,
                       const media_key& media) noexcept {
    KVFOLIO_EXPECTS(!contains(page_id{id}));
    auto& self = nodes_[id];
    self = {.parent = parent, .indexed = true};
    contents_.describe(page_id{id}, media, realm.words());
    if (parent != none && heirs_[parent] == none) {
      heirs_[parent] = id;
    } else {
      if (parent != none) nodes_[parent].has_others = true;
      auto& first = bucket(realm.words(), parent, tokens(page_id{id}).data());
      self.next = first;
      first = id;
    }
    ++size_;
    return id;
  }

  // Asks for the tokens of a page that may be needed soon, and returns the one after it.
  [[nodiscard]] std::uint32_t step_ahead(std::uint32_t id) const noexcept {
    contents_.tokens().prefetch(page_id{id});
    return heirs_[id];
  }

  Hash hash_;
  page_contents contents_;
  std::vector<std::uint32_t>
      heirs_;                     // by page; apart from the rest, because matches walk along them
  std::vector<page_node> nodes_;  // by page
  std::vector<std::uint32_t> buckets_;
  std::size_t size_ = 0;
};

/// The default prefix index.
using radix = basic_radix<>;

static_assert(prefix_index<radix>);

}  // namespace kvfolio::prefix
