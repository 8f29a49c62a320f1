// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/frequency_sketch.hpp>
#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/eviction/tinylfu_lists.hpp>

namespace kvfolio::eviction {

/// Admits a page to the main part of the pool only if it was wanted more often than the page that
/// would leave for it; newcomers prove themselves in a small window.
///
/// Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM
/// Transactions on Storage 13(4), 2017. As `w_tinylfu_exact`, but counts are those of a sketch, in
/// four bits: keys that never come again need no memory, and now and then a count is too high.
///
/// Models `eligibility_aware`: every operation is O(1) in the worst case, however many pages are
/// pinned, but that after every 10 accesses a page all counts are halved: amortised O(1). A touch
/// reads a line of the sketch by its key. Costs 28 bytes per page, and 8 to 16 for each of the keys
/// that it counts at a time, allocated once. One owner thread.
class w_tinylfu {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and counts about twice as
  /// many keys at a time. \throws std::bad_alloc
  explicit w_tinylfu(std::size_t pages) : w_tinylfu{pages, 2 * pages} {}

  /// Creates a policy that counts about `history` keys at a time, of more the more wrongly.
  /// \throws std::bad_alloc
  w_tinylfu(std::size_t pages, std::size_t history)
      : resident_{pages},
        key_of_(pages),
        counts_{history},
        sample_{std::max<std::size_t>(1, 10 * pages)} {}

  /// Counts the access.
  void miss(const page_access& access) noexcept { count(access.key); }

  /// Stops tracking a page, and returns it: of the oldest eligible page of the window, if that is
  /// full, and the oldest of the rest, the one that was wanted less often.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    const auto victim =
        resident_.evict([this](page_id page) { return counts_.count(key_of_[to_index(page)]); });
    KVFOLIO_EXPECTS(!victim || eligible.contains(*victim));
    return victim;
  }

  /// Starts tracking `page`, as the youngest of the window, whose oldest pages leave it for the
  /// main part if it is full. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& access) noexcept {
    resident_.insert(page);
    key_of_[to_index(page)] = access.key;
  }

  /// Counts the access, and makes `page` the youngest of the window if it is there, and else of the
  /// protected pages. Precondition: `page` is tracked.
  void touch(page_id page, const page_access& /*access*/) noexcept {
    count(key_of_[to_index(page)]);
    resident_.touch(page);
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept { resident_.erase(page); }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept { resident_.hide(page); }

  /// Considers `page` again, at its age. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept { resident_.show(page); }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return resident_.size(); }

 private:
  void count(content_key key) noexcept {
    counts_.add(key);
    if (--until_halving_ > 0) return;
    until_halving_ = sample_;
    counts_.halve();
  }

  tinylfu_lists resident_;
  std::vector<content_key> key_of_;  // by page
  frequency_sketch counts_;
  std::size_t sample_;
  std::size_t until_halving_ = sample_;
};

static_assert(eligibility_aware<w_tinylfu>);

}  // namespace kvfolio::eviction
