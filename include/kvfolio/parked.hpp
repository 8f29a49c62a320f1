// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/fit.hpp>
#include <kvfolio/sequence_records.hpp>

namespace kvfolio {

/// A sequence that was preempted: what must be remembered of it to come back, and what the tier
/// keeps of its pages. It uses no page and no row of the cache.
///
/// Made by `preempt`. Destroying it gives up what is stored. Moving it is free; a moved-from one is
/// empty and may only be destroyed or assigned to, and "Precondition: not empty" goes for every
/// other member. It lives on through `cache.reset()`, `resize` and `invalidate`. The cache must
/// outlive it, and so must the media and ranges of its request. Costs 4 bytes per committed token.
/// One owner thread, the cache's.
template <class Cache>
class [[nodiscard]] parked {
 public:
  /// Nothing.
  parked() noexcept = default;
  /// Takes over what `other` has, and leaves it empty.
  parked(parked&& other) noexcept
      : cache_{std::exchange(other.cache_, nullptr)},
        record_{other.record_},
        tokens_{std::move(other.tokens_)},
        stored_{other.stored_} {}
  /// Gives up what it has, and takes over what `other` has.
  parked& operator=(parked&& other) noexcept {
    if (this != &other) {
      discard();
      cache_ = std::exchange(other.cache_, nullptr);
      record_ = other.record_;
      tokens_ = std::move(other.tokens_);
      stored_ = other.stored_;
    }
    return *this;
  }
  parked(const parked&) = delete;
  parked& operator=(const parked&) = delete;
  ~parked() { discard(); }

  /// Is there something?
  [[nodiscard]] explicit operator bool() const noexcept { return cache_ != nullptr; }

  /// Tokens that had storage when it was preempted.
  [[nodiscard]] std::size_t length() const noexcept { return record_.length; }
  /// Of these, the leading ones that were complete.
  [[nodiscard]] std::size_t committed() const noexcept { return record_.committed; }
  /// Pages that are stored: the last ones it had, as far as the store took them.
  [[nodiscard]] std::size_t stored_pages() const noexcept { return stored_.count; }

  /// Says what `resume` would take, and find. O(hit pages). Leaves no trace.
  [[nodiscard]] fit probe() const noexcept { return cache().probe_parked(*this); }

  /// Brings the sequence back, all of it or nothing. Pages that are still indexed, or are again,
  /// are shared; those that are stored are read, and leave the store.
  ///
  /// - *Swapped*: `length()`, `committed()` and all bytes are what they were.
  /// - *Dropped*: `length()` and `committed()` are the tokens that were found.
  /// - *Split*: `length()` is what it was, and the positions from the first stored page on have
  ///   their bytes; `committed()` is the tokens that were found, if these end before that page.
  ///
  /// `sequence::to_compute()` says how many tokens the engine must run after `committed()`. Those
  /// of a split that follow them need only be committed. What the store has lost, and all after it,
  /// must be run again: then a sequence ends before the lost page, and one that was split before
  /// its first stored one.
  ///
  /// O(pages), and the store. Fails with `errc::out_of_pages`, `errc::too_large` (the pool has
  /// shrunk) or `errc::too_many_sequences`; then nothing has changed, and this can be tried again.
  /// Empty after success.
  [[nodiscard]] auto resume() && noexcept { return cache().resume(std::move(*this)); }

  /// The same for engines that move the pages themselves, or meanwhile do something else: takes the
  /// pages, and says what must be read into which. O(pages). See `resuming`.
  [[nodiscard]] auto resume_later() && noexcept { return cache().resume_later(std::move(*this)); }

 private:
  friend Cache;
  template <class, class>
  friend class cache_preemption;

  // Pages of the row that are stored: `count` of them from page `first` on, under consecutive
  // numbers.
  struct stored_range {
    std::size_t first = 0;
    std::size_t count = 0;
    std::uint64_t number = 0;
    [[nodiscard]] std::size_t end() const noexcept { return first + count; }
  };

  explicit parked(Cache& cache) noexcept : cache_{&cache} {}

  [[nodiscard]] Cache& cache() const noexcept {
    KVFOLIO_EXPECTS(cache_ != nullptr);
    return *cache_;
  }
  void discard() noexcept {
    if (auto* const cache = std::exchange(cache_, nullptr)) {
      cache->forget_stored(stored_.number, std::exchange(stored_.count, 0));
    }
    tokens_.clear();
  }

  Cache* cache_ = nullptr;
  sequence_record record_{};
  std::vector<token_id> tokens_;  // that are committed; none if the index does not keep them
  stored_range stored_;
};

}  // namespace kvfolio
