// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/key_history.hpp>
#include <kvfolio/core/recency_lists.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Lets newcomers pass through a small queue, from which those used twice go on to the main one,
/// where a page gets as many more rounds as it was used.
///
/// Yang, Zhang, Qiu, Yue and Vinayak, "FIFO queues are all you need for cache eviction", SOSP 2023:
/// a small queue of a tenth of the pages, counts that end at 3, and the keys of those that left it
/// remembered for nine tenths as many as there are pages; who is remembered starts in the main
/// queue. A touch moves nothing.
///
/// Where the queue that should lose a page has no eligible one, the other does.
///
/// Models `eligibility_aware`: a touch is O(1) in the worst case and needs no hash table; `miss` is
/// expected O(1). `evict` gives rounds to up to as many pages as there are, but each is paid for by
/// a touch or by an arrival: amortised O(1), and it looks at no ineligible page. Costs 28 bytes per
/// page and up to 40 for each remembered key, allocated once. One owner thread.
class s3_fifo {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and remembers 0.9 times as
  /// many keys. \throws std::bad_alloc
  explicit s3_fifo(std::size_t pages) : s3_fifo{pages, pages} {}

  /// Creates a policy that remembers at most `history` keys; of 0.9 `pages` or more it is S3-FIFO
  /// to the letter, and of fewer it forgets the oldest sooner. \throws std::bad_alloc
  s3_fifo(std::size_t pages, std::size_t history)
      : resident_{pages},
        key_of_(pages),
        uses_(pages),
        left_{std::min(history, 9 * pages / 10)},
        main_pages_{pages - pages / 10} {}

  /// Looks for the key among those that left the small queue.
  void miss(const page_access& access) noexcept {
    incoming_ = arrival{access.key, small};
    if (const auto slot = left_.find(access.key)) {
      incoming_->joins = main;
      left_.forget(*slot);
    }
  }

  /// Stops tracking the first eligible page that was not used enough to stay, and returns it: of
  /// the main queue if that is too long, and else of the small one.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const bool main_is_full = resident_.size(main) > main_pages_ || resident_.size(small) == 0;
    auto victim = main_is_full ? evict_from_main() : evict_from_small();
    if (!victim) victim = main_is_full ? evict_from_small() : evict_from_main();
    if (!victim) victim = evict_from_main();  // which the small one may have sent some to
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    return victim;
  }

  /// Starts tracking `page`, as unused: the last in the small queue, or in the main one if its key
  /// was remembered. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    if (!incoming_ || incoming_->key != access.key) miss(access);
    resident_.push_back(page, incoming_->joins);
    key_of_[to_index(page)] = access.key;
    uses_[to_index(page)] = 0;
    incoming_.reset();
  }

  /// Counts a use. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    KVFOLIO_EXPECTS(resident_.contains(page));
    auto& uses = uses_[to_index(page)];
    if (uses < most_uses) ++uses;
  }

  /// Stops tracking `page`, and does not remember its key. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { resident_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { resident_.hide(page); }

  /// Considers `page` again, with its place and its count. Precondition: `page` is tracked and
  /// suspended.
  void resume(page_id page) noexcept { resident_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept {
    return resident_.size(small) + resident_.size(main);
  }

 private:
  enum list : std::size_t { small, main };
  static constexpr std::uint8_t most_uses = 3;
  static constexpr std::uint8_t uses_to_go_on = 2;

  struct arrival {
    content_key key;
    list joins;
  };

  std::optional<page_id> evict_from_small() noexcept {
    while (const auto page = resident_.take_oldest(small)) {
      auto& uses = uses_[to_index(*page)];
      if (uses < uses_to_go_on) {
        left_.remember(key_of_[to_index(*page)]);
        return page;
      }
      uses = 0;
      resident_.push_back(*page, main);
    }
    return std::nullopt;
  }

  std::optional<page_id> evict_from_main() noexcept {
    while (const auto page = resident_.take_oldest(main)) {
      auto& uses = uses_[to_index(*page)];
      if (uses == 0) return page;
      --uses;
      resident_.push_back(*page, main);
    }
    return std::nullopt;
  }

  recency_lists<2> resident_;
  std::vector<content_key> key_of_;  // by page
  std::vector<std::uint8_t> uses_;   // by page
  key_history<> left_;               // the small queue
  std::size_t main_pages_;
  std::optional<arrival> incoming_;  // announced by the last miss
};

static_assert(eligibility_aware<s3_fifo>);

}  // namespace kvfolio::eviction
