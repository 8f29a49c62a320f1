// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kvfolio/core/types.hpp>
#include <kvfolio/observe/notify.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>

#include <replay/departed_keys.hpp>
#include <replay/duration_histogram.hpp>
#include <replay/trace.hpp>

namespace replay {

/// Why a page of a prompt could not be found.
enum class miss_cause : std::uint8_t {
  capacity,     ///< it was evicted
  invalidated,  ///< it was there, and must not be used any more
  withdrawn,    ///< its only owner wrote to it again
  cold,         ///< it never was indexed, or left so long ago that this was forgotten
};

/// What prefix reuse came to.
struct prefix_counts {
  std::array<std::uint64_t, 32> hits_by_depth{};  ///< pages found at depth 0, 1, 2-3, 4-7, ...
  std::array<std::uint64_t, 4> misses{};          ///< pages not found, by `miss_cause`
  std::uint64_t evicted = 0;                      ///< pages that left to make room
  std::uint64_t evicted_unused = 0;               ///< of those, pages that nobody ever found
  duration_histogram age_at_hit;                  ///< since it was last found, or else indexed
  duration_histogram age_at_eviction;             ///< likewise

  /// Pages that were not found because of `cause`.
  [[nodiscard]] std::uint64_t missed(miss_cause cause) const {
    return misses[static_cast<std::size_t>(cause)];
  }
};

/// An observer that says how well a prefix index does: which pages are found, how old they are, and
/// why others are not.
///
/// It names pages by chained keys of its own, and remembers a bounded number of those that left; a
/// collision of two 64-bit keys would count a miss under the wrong cause. O(1) an event, but
/// O(pages) for `invalidated`; allocates nothing after construction. One owner thread.
class prefix_metrics
    : public kvfolio::ignore<kvfolio::event::page_fault, kvfolio::event::page_copied,
                             kvfolio::event::page_freed, kvfolio::event::forked,
                             kvfolio::event::failed> {
 public:
  /// For pages `[0, pages)`; remembers `most` of those that left. \throws std::bad_alloc
  prefix_metrics(std::size_t pages, std::uint32_t tokens_per_page, std::size_t most)
      : tokens_per_page_{tokens_per_page}, pages_(pages), left_{most} {}

  /// It is `now`. Precondition: time does not go back.
  void advance(nanoseconds now) noexcept { now_ = now; }

  /// What was counted so far.
  [[nodiscard]] const prefix_counts& counts() const noexcept { return counts_; }

  using ignore::on;
  /// A page can be found from now on.
  void on(const kvfolio::event::page_indexed& event) noexcept {
    const auto key = event.parent ? next_key(pages_[to_index(*event.parent)].key, event.tokens)
                                  : first_key(event.realm, event.tokens);
    pages_[to_index(event.page)] = {.key = key, .used = now_, .valid = true};
    left_.forget(key);
  }
  /// A page was found.
  void on(const kvfolio::event::page_hit& event) noexcept {
    auto& page = pages_[to_index(event.page)];
    ++counts_.hits_by_depth[static_cast<std::size_t>(std::bit_width(event.depth))];
    counts_.age_at_hit.add(now_ - page.used);
    page.used = now_;
    page.found = true;
    last_hit_ = event.page;
  }
  /// All pages of a prompt that there are were found: finds out why the others are not there.
  /// O(tokens of these).
  void on(const kvfolio::event::prompt_matched& event) noexcept {
    const auto hits = event.hit_tokens / tokens_per_page_;
    auto key = hits == 0 ? kvfolio::content_key{} : pages_[to_index(last_hit_)].key;
    const auto most = event.prompt.empty() ? 0 : (event.prompt.size() - 1) / tokens_per_page_;
    std::array<kvfolio::content_key, 16> keys{};
    for (auto index = hits; index < most;) {
      std::size_t some = 0;
      for (; some < keys.size() && index < most; ++some, ++index) {
        const auto tokens = event.prompt.subspan(index * tokens_per_page_, tokens_per_page_);
        keys[some] = key = index == 0 ? first_key(event.realm, tokens) : next_key(key, tokens);
        left_.prefetch(key);
      }
      for (const auto missed : std::span{keys}.first(some)) {
        ++counts_.misses[left_.find(missed).value_or(static_cast<std::size_t>(miss_cause::cold))];
      }
    }
  }
  /// A page left to make room.
  void on(const kvfolio::event::page_evicted& event) noexcept {
    const auto& page = pages_[to_index(event.page)];
    ++counts_.evicted;
    counts_.evicted_unused += page.found ? 0 : 1;
    counts_.age_at_eviction.add(now_ - page.used);
    remember(event.page, miss_cause::capacity);
  }
  /// A page is written to again.
  void on(const kvfolio::event::page_withdrawn& event) noexcept {
    remember(event.page, miss_cause::withdrawn);
  }
  /// What can be found must not be.
  void on(const kvfolio::event::invalidated& /*event*/) noexcept {
    for (std::size_t page = 0; page < pages_.size(); ++page) {
      remember(kvfolio::to_page(page), miss_cause::invalidated);
    }
  }

 private:
  struct page_state {
    kvfolio::content_key key{};
    nanoseconds used = 0;  // last found, or indexed
    bool found = false;
    bool valid = false;  // indexed, and not invalidated since
  };

  // Keys leave the epoch out: what is invalidated keeps its name.
  [[nodiscard]] kvfolio::content_key first_key(
      kvfolio::realm_words realm, std::span<const kvfolio::token_id> tokens) const noexcept {
    realm[3] = 0;
    return kvfolio::content_key{hash_.chain(realm, hash_.local(tokens))};
  }
  [[nodiscard]] kvfolio::content_key next_key(
      kvfolio::content_key before, std::span<const kvfolio::token_id> tokens) const noexcept {
    return kvfolio::content_key{
        hash_.chain(static_cast<std::uint64_t>(before), hash_.local(tokens))};
  }

  void remember(kvfolio::page_id page, miss_cause cause) noexcept {
    auto& state = pages_[to_index(page)];
    if (state.valid) left_.remember(state.key, static_cast<std::size_t>(cause));
    state.valid = false;
  }

  std::uint32_t tokens_per_page_;
  std::vector<page_state> pages_;  // by page
  departed_keys left_;             // with every cause but `cold`
  kvfolio::prefix::keyed_hash hash_{0};
  kvfolio::page_id last_hit_{};
  nanoseconds now_ = 0;
  prefix_counts counts_;
};

static_assert(kvfolio::observer<prefix_metrics>);

}  // namespace replay
