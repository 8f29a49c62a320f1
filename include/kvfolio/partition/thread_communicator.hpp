// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/partition/concept.hpp>

namespace kvfolio::partition {

/// Where the ranks of one process meet. Outlives their communicators.
class thread_ranks {
 public:
  /// For `size` threads. Precondition: `size > 0`.
  explicit thread_ranks(std::uint32_t size) : shown_(size), letters_(std::size_t{size} * size) {
    KVFOLIO_EXPECTS(size > 0);
  }

  /// How many.
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(shown_.size());
  }

 private:
  friend class thread_communicator;

  // Returns when all ranks have come.
  void meet() {
    std::unique_lock lock{mutex_};
    const auto meeting = meetings_;
    if (++here_ == shown_.size()) {
      here_ = 0;
      ++meetings_;
      changed_.notify_all();
    } else {
      changed_.wait(lock, [&] { return meetings_ != meeting; });
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t here_ = 0;
  std::uint64_t meetings_ = 0;
  std::vector<std::span<const float>> shown_;            // by each rank, between two meetings
  std::vector<std::deque<std::vector<float>>> letters_;  // from each rank to each
};

/// Ranks that are threads of one process. A rank reads what the others show, in the order of ranks.
/// Threads: each communicator is one thread's.
class thread_communicator {
 public:
  /// Rank `rank` of `ranks`. Precondition: there is such a rank, and only one has it.
  thread_communicator(thread_ranks& ranks, std::uint32_t rank) noexcept
      : ranks_{&ranks}, rank_{rank} {
    KVFOLIO_EXPECTS(rank < ranks.size());
  }

  /// Which this is.
  [[nodiscard]] std::uint32_t rank() const noexcept { return rank_; }
  /// How many there are.
  [[nodiscard]] std::uint32_t size() const noexcept { return ranks_->size(); }

  /// Makes `values` the sum of all ranks'. O(ranks values).
  void all_reduce(std::span<float> values) {
    sum_.assign(values.size(), 0.0F);
    show(values, [&] { add_all(0, sum_); });
    std::ranges::copy(sum_, values.begin());
  }

  /// Makes `all` every rank's `mine`.
  void all_gather(std::span<const float> mine, std::span<float> all) {
    KVFOLIO_EXPECTS(all.size() == mine.size() * size());
    show(mine, [&] {
      auto to = all.begin();
      for (const auto shown : ranks_->shown_) to = std::ranges::copy(shown, to).out;
    });
  }

  /// Makes `mine` this rank's part of the sum of all ranks' `all`.
  void reduce_scatter(std::span<const float> all, std::span<float> mine) {
    KVFOLIO_EXPECTS(all.size() == mine.size() * size());
    show(all, [&] {
      std::ranges::fill(mine, 0.0F);
      add_all(rank_ * mine.size(), mine);
    });
  }

  /// Gives a copy of `values` to rank `to`. Does not wait.
  void send(std::span<const float> values, std::uint32_t to) {
    KVFOLIO_EXPECTS(to < size() && to != rank_);
    const std::lock_guard lock{ranks_->mutex_};
    ranks_->letters_[rank_ * std::size_t{size()} + to].emplace_back(values.begin(), values.end());
    ranks_->changed_.notify_all();
  }

  /// Waits for what rank `from` sends next. Precondition: it is as long as `values`.
  void receive(std::span<float> values, std::uint32_t from) {
    KVFOLIO_EXPECTS(from < size() && from != rank_);
    auto& letters = ranks_->letters_[from * std::size_t{size()} + rank_];
    std::unique_lock lock{ranks_->mutex_};
    ranks_->changed_.wait(lock, [&] { return !letters.empty(); });
    KVFOLIO_EXPECTS(letters.front().size() == values.size());
    std::ranges::copy(letters.front(), values.begin());
    letters.pop_front();
  }

 private:
  // Shows `values` to all, calls `read` when all show theirs, and waits until all have read.
  template <class Read>
  void show(std::span<const float> values, Read read) {
    ranks_->shown_[rank_] = values;
    ranks_->meet();
    read();
    ranks_->meet();
  }

  void add_all(std::size_t first, std::span<float> to) const {
    for (const auto shown : ranks_->shown_) {
      KVFOLIO_EXPECTS(shown.size() >= first + to.size());
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += shown[first + i];
    }
  }

  thread_ranks* ranks_;
  std::uint32_t rank_;
  std::vector<float> sum_;  // what others may still read is not overwritten
};

static_assert(communicator<thread_communicator>);

}  // namespace kvfolio::partition
