// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>
#include <kvfolio/prefix/page_contents.hpp>

namespace kvfolio::prefix {

/// A tree of pages in which most pages have one child: the *heir*, which is next in a list, so that
/// a conversation is walked by comparing tokens and hashing nothing. Further children are found in
/// a hash table. A hit is verified: every token, and the scope, is compared. The default.
///
/// It is a radix tree (SGLang's cache, Zheng et al., 2024) whose edges are lists of cache lines,
/// *runs*, with the ids of 14 pages each: they grow and shrink by a page and never split, and a
/// match changes nothing. `match` takes about the time to read the tokens, with those of the next
/// 14 pages on their way from memory; `extend` and `erase` are O(1) expected. No recursion; 10,000
/// children of a page are as fast as ten. Costs 20 to 24 bytes per page and 4 per token; 64 for
/// each run, between a 14th of the pages and all; and 48 that are touched only for first pages and
/// media; allocates nothing after construction. One owner thread.
template <class Hash = keyed_hash>
class basic_radix {
 public:
  static constexpr bool enabled = true;  ///< pages can be found

  /// Makes an index of nothing. \throws std::bad_alloc
  basic_radix(std::size_t pages, std::uint32_t tokens_per_page, std::uint64_t seed)
      : hash_{seed},
        contents_{pages, tokens_per_page},
        nodes_(pages),
        runs_{pages},
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
    const auto most = std::min(out.size(), tokens.size() / contents_.tokens().per_page());
    std::size_t found = 0;
    auto last = none;
    while (found < most) {
      const auto* wanted = tokens.data() + found * contents_.tokens().per_page();
      const auto next = other_child(realm, last, wanted, media_of(realm, found));
      if (next == none) break;
      found = follow(next, realm, tokens.data(), out.first(most), found);
      last = static_cast<std::uint32_t>(out[found - 1]);
    }
    return cursor(last, found);
  }

  /// The indexed page after `at` that holds what `page` does; `page`, if there was none.
  prefix_cursor extend(const prefix_realm& realm, const prefix_cursor& at, page_id page) noexcept {
    const auto id = static_cast<std::uint32_t>(page);
    // Most pages follow the last one of a run, so nothing can equal them.
    if (at.page && realm.media.empty() && is_leaf(static_cast<std::uint32_t>(*at.page))) {
      contents_.describe(page);
      append(static_cast<std::uint32_t>(*at.page), id);
      return {.page = page, .pages = at.pages + 1};
    }
    const auto parent = at.page ? static_cast<std::uint32_t>(*at.page) : none;
    return cursor(find_or_insert(realm, parent, at.pages, id), at.pages + 1);
  }

  /// Forgets `page`. Precondition: `contains(page)`, and it has no child.
  void erase(page_id page) noexcept {
    const auto id = static_cast<std::uint32_t>(page);
    auto& self = nodes_[id];
    KVFOLIO_EXPECTS(contains(page) && heir(id) == none);
    if (self.parent != none) prefetch(nodes_[self.parent].parent);  // it may go after the parent
    if (--runs_[self.run].size == 0 && !self.is_hashed) runs_[nodes_[self.parent].run].next = none;
    self.run = none;
    --size_;
    if (self.is_hashed) unhash(id);
  }

  /// Is `page` indexed?
  [[nodiscard]] bool contains(page_id page) const noexcept {
    return nodes_[to_index(page)].run != none;
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
  static constexpr std::size_t run_length = 14;

  struct page_node {
    std::uint32_t parent;
    std::uint32_t next;        // in its bucket, if it is hashed
    std::uint32_t run = none;  // by its first page; none: not indexed, and nothing else is valid
    bool is_hashed;            // in a bucket, as nobody's heir
    bool has_others;           // it may have children that are not its heir
  };
  // Pages of which each but the first is the heir of the one before it.
  struct alignas(64) page_run {
    std::array<page_id, run_length> pages;
    std::uint32_t size;
    std::uint32_t next;  // the run that goes on where this one is full

    [[nodiscard]] std::span<const page_id> all() const noexcept { return {pages.data(), size}; }
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

  // The heir of a page; none, if there is none.
  [[nodiscard]] std::uint32_t heir(std::uint32_t id) const noexcept {
    const auto& here = runs_[nodes_[id].run];
    const auto after = std::ranges::find(here.all(), page_id{id}) + 1;
    if (after != here.all().end()) return static_cast<std::uint32_t>(*after);
    return here.next == none ? none : static_cast<std::uint32_t>(runs_[here.next].pages[0]);
  }

  // Has a page no children at all?
  [[nodiscard]] bool is_leaf(std::uint32_t id) const noexcept {
    const auto& self = nodes_[id];
    const auto& here = runs_[self.run];
    return here.all().back() == page_id{id} && here.next == none && !self.has_others;
  }

  // Writes `id` and its heirs to `out` from `found` on, as long as they hold what is wanted, and
  // returns where that ends.
  [[nodiscard]] std::size_t follow(std::uint32_t id, const prefix_realm& realm,
                                   const token_id* tokens, std::span<page_id> out,
                                   std::size_t found) const noexcept {
    out[found++] = page_id{id};
    const auto* here = &runs_[id];  // what is not an heir begins a run
    auto heirs = here->all().subspan(1);
    for (const auto page : heirs) contents_.tokens().prefetch(page);
    while (true) {
      // While a run is compared, the tokens of the next one come, and the ids of the one after it.
      const auto* const ahead = here->next == none ? nullptr : &runs_[here->next];
      if (ahead != nullptr && ahead->next != none) __builtin_prefetch(&runs_[ahead->next]);
      const auto wanted = heirs.first(std::min(heirs.size(), out.size() - found));
      const auto same = common(wanted, realm, tokens, found,
                               ahead != nullptr ? ahead->all() : std::span<const page_id>{});
      std::ranges::copy(wanted.first(same), out.begin() + static_cast<std::ptrdiff_t>(found));
      found += same;
      if (same < wanted.size() || found == out.size() || ahead == nullptr) return found;
      here = ahead;
      heirs = here->all();
    }
  }

  // How many of `pages`, from the first on, hold what is wanted from page `found` on. Meanwhile
  // asks for the tokens of `soon`.
  [[nodiscard]] std::size_t common(std::span<const page_id> pages, const prefix_realm& realm,
                                   const token_id* tokens, std::size_t found,
                                   std::span<const page_id> soon) const noexcept {
    const auto per_page = contents_.tokens().per_page();
    const auto same = contents_.tokens().common(pages, tokens + found * per_page, soon);
    if (realm.media.empty() && !contents_.any_media()) return same;
    for (std::size_t i = 0; i < same; ++i) {
      if (!contents_.shows(pages[i], media_of(realm, found + i))) return i;
    }
    return same;
  }

  // Asks for the node of a page to be near when it is needed.
  void prefetch(std::uint32_t id) const noexcept {
    if (id != none) __builtin_prefetch(&nodes_[id]);
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
      __builtin_prefetch(&runs_[id]);  // of its heirs, which may be next
      if (nodes_[id].parent != parent) continue;
      if (!contents_.holds(page_id{id}, tokens, media)) continue;
      if (parent != none || contents_.realm(page_id{id}) == words) return id;
    }
    return none;
  }

  // The child of `parent` that holds what `id`, page `index` of its prefix, does; `id`, if there
  // was none.
  [[gnu::noinline]] std::uint32_t find_or_insert(const prefix_realm& realm, std::uint32_t parent,
                                                 std::size_t index, std::uint32_t id) noexcept {
    const auto* held = contents_.tokens()[page_id{id}].data();
    const auto media = media_of(realm, index);
    const auto first = parent == none ? none : heir(parent);
    auto found = first;
    if (found == none || !contents_.holds(page_id{found}, held, media)) {
      found = other_child(realm, parent, held, media);
    }
    if (found != none) return found;
    contents_.describe(page_id{id}, media);
    if (parent == none) contents_.place(page_id{id}, realm.words());
    if (parent != none && first == none) {
      append(parent, id);
    } else {
      insert(realm.words(), parent, id);
    }
    return id;
  }

  // Makes a page the heir of `parent`, which has none.
  void append(std::uint32_t parent, std::uint32_t id) noexcept {
    KVFOLIO_EXPECTS(!contains(page_id{id}));
    auto run = nodes_[parent].run;
    if (runs_[run].size == run_length) run = runs_[run].next = begin_run(id);
    join(run, parent, id, false);
  }

  // Makes a page a child of `parent` that is not its heir.
  void insert(const realm_words& realm, std::uint32_t parent, std::uint32_t id) noexcept {
    KVFOLIO_EXPECTS(!contains(page_id{id}));
    if (parent != none) nodes_[parent].has_others = true;
    join(begin_run(id), parent, id, true);
    auto& first = bucket(realm, parent, contents_.tokens()[page_id{id}].data());
    nodes_[id].next = std::exchange(first, id);
  }

  // Takes a page out of its bucket.
  [[gnu::noinline]] void unhash(std::uint32_t id) noexcept {
    const auto& self = nodes_[id];
    const auto realm = self.parent == none ? contents_.realm(page_id{id}) : realm_words{};
    auto* link = &bucket(realm, self.parent, contents_.tokens()[page_id{id}].data());
    while (*link != id) link = &nodes_[*link].next;
    *link = self.next;
  }

  void join(std::uint32_t run, std::uint32_t parent, std::uint32_t id, bool is_hashed) noexcept {
    auto& here = runs_[run];
    auto& self = nodes_[id];
    self.parent = parent;
    self.run = run;
    self.is_hashed = is_hashed;
    self.has_others = false;
    here.pages[here.size++] = page_id{id};
    ++size_;
  }

  // Makes an empty run whose first page will be `id`.
  std::uint32_t begin_run(std::uint32_t id) noexcept {
    runs_[id].size = 0;
    runs_[id].next = none;
    return id;
  }

  Hash hash_;
  page_contents contents_;
  std::vector<page_node> nodes_;  // by page
  raw_array<page_run> runs_;      // by first page
  std::vector<std::uint32_t> buckets_;
  std::size_t size_ = 0;
};

/// The default prefix index.
using radix = basic_radix<>;

static_assert(prefix_index<radix>);

}  // namespace kvfolio::prefix
