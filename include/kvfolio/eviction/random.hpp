// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/eviction/concept.hpp>

namespace kvfolio::eviction {

/// Evicts any eligible page, each as likely as the others.
///
/// The control of every comparison: what does worse than this has learned something wrong. Equal
/// seeds and equal histories have equal victims. A draw is off uniform by less than the number of
/// pages in 2^64.
///
/// Models `eligibility_aware`: every operation is O(1) in the worst case, however many pages are
/// pinned. Costs 8 bytes per page, allocated once. One owner thread.
class random {
 public:
  /// Creates a policy for pages `[0, pages)` that tracks none of them, and draws by `seed`.
  /// \throws std::bad_alloc
  explicit random(std::size_t pages, std::uint64_t seed = 0)
      : eligible_(pages), place_of_(pages, untracked), state_{seed} {
    KVFOLIO_EXPECTS(pages < suspended);
  }

  /// Does nothing: chance has no memory.
  void miss(const page_access& /*access*/) noexcept {}

  /// Stops tracking one of the eligible pages, and returns it.
  [[nodiscard]] std::optional<page_id> evict(const page_access& /*access*/,
                                             [[maybe_unused]] page_set eligible) noexcept {
    if (count_ == 0) return std::nullopt;
    const auto victim = eligible_[draw(count_)];
    KVFOLIO_EXPECTS(eligible.contains(victim));
    erase(victim);
    return victim;
  }

  /// Starts tracking `page`. Precondition: `page` is untracked.
  void insert(page_id page, const page_access& /*access*/) noexcept {
    KVFOLIO_EXPECTS(place_of_[to_index(page)] == untracked);
    ++size_;
    add(page);
  }

  /// Does nothing. Precondition: `page` is tracked.
  void touch([[maybe_unused]] page_id page, const page_access& /*access*/) noexcept {
    KVFOLIO_EXPECTS(place_of_[to_index(page)] != untracked);
  }

  /// Stops tracking `page`. Precondition: `page` is tracked.
  void erase(page_id page) noexcept {
    KVFOLIO_EXPECTS(place_of_[to_index(page)] != untracked);
    if (place_of_[to_index(page)] != suspended) remove(page);
    place_of_[to_index(page)] = untracked;
    --size_;
  }

  /// Passes over `page` until it is resumed. Precondition: `page` is tracked and not suspended.
  void suspend(page_id page) noexcept {
    remove(page);
    place_of_[to_index(page)] = suspended;
  }

  /// Considers `page` again. Precondition: `page` is tracked and suspended.
  void resume(page_id page) noexcept {
    KVFOLIO_EXPECTS(place_of_[to_index(page)] == suspended);
    add(page);
  }

  /// Number of tracked pages.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::uint32_t untracked = UINT32_MAX;
  static constexpr std::uint32_t suspended = untracked - 1;

  // A number below `bound`, by SplitMix64.
  [[nodiscard]] std::size_t draw(std::size_t bound) noexcept {
    state_ += 0x9e37'79b9'7f4a'7c15U;
    return static_cast<std::size_t>(mix_bits(state_) % bound);
  }

  void add(page_id page) noexcept {
    place_of_[to_index(page)] = static_cast<std::uint32_t>(count_);
    eligible_[count_++] = page;
  }

  // Fills the place of `page` with the last one.
  void remove(page_id page) noexcept {
    const auto place = place_of_[to_index(page)];
    KVFOLIO_EXPECTS(place < count_);
    const auto last = eligible_[--count_];
    eligible_[place] = last;
    place_of_[to_index(last)] = place;
  }

  std::vector<page_id> eligible_;        // of which the first count_ are in use
  std::vector<std::uint32_t> place_of_;  // by page: in eligible_, or why it is not there
  std::size_t count_ = 0;
  std::size_t size_ = 0;
  std::uint64_t state_;
};

static_assert(eligibility_aware<random>);

}  // namespace kvfolio::eviction
