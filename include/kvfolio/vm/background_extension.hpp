// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/rank_order.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/vm/extension.hpp>

namespace kvfolio::vm {

/// Maps rows on a thread of its own while a step runs, so that the next one finds them.
///
/// The worker lives as long as this object and sleeps when there is nothing to do. It maps the next
/// row of the sequence with the least slack, tokens that are mapped beyond its length, and never
/// more than one row at a time; in between it lets the owner pass. When no row is wanted it
/// prepares memory. How many rows a slot has is an atomic number, so to find that nothing is
/// missing takes the owner one load. Only if something is missing does it wait, for the row that is
/// being mapped at most, and then maps the rest itself: it never spins, and never waits for its
/// turn.
///
/// vAttention (Prabhu et al., ASPLOS 2025) starts a thread a step and joins it in the next; vTensor
/// (Xu et al., 2024) polls. A step's rows must fit into its time: where they do not, give more
/// `look_ahead`.
///
/// `start`, `step`, `advance`, `ensure`, `stop` and `with` belong to one owner thread, `mapped` to
/// all. None of them throws. Costs 36 bytes a slot, allocated once.
template <extension_work Work>
class background_extension {
 public:
  /// Starts the worker, which calls `work`. \throws std::invalid_argument for a bad configuration
  /// \throws std::system_error if there is no thread \throws std::bad_alloc
  background_extension(Work& work, const extension_config& config)
      : work_{&work},
        config_{checked(config)},
        slots_(config.slots),
        queue_{config.slots},
        allowance_{config.rows_per_step},
        worker_{[this](const std::stop_token& stop) { run(stop); }} {}
  background_extension(const background_extension&) = delete;
  background_extension& operator=(const background_extension&) = delete;
  /// Waits for the row that is being mapped.
  ~background_extension() = default;

  /// A sequence begins in `slot`, `rows` of whose rows are mapped.
  void start(std::uint32_t slot, std::uint32_t rows) noexcept {
    at(slot).mapped.store(rows, std::memory_order_release);
  }

  /// A step begins: `rows_per_step` more rows may be mapped ahead.
  void step() noexcept {
    if (config_.rows_per_step == UINT32_MAX) return;
    const std::lock_guard lock{queue_mutex_};
    allowance_ = config_.rows_per_step;
    wake();
  }

  /// The sequence of `slot` has `tokens` tokens. Returns at once: O(log slots) if there is
  /// something to map, else one load.
  void advance(std::uint32_t slot, std::size_t tokens) noexcept {
    auto& state = at(slot);
    const auto rows = rows_for(config_, tokens + config_.look_ahead);
    if (state.mapped.load(std::memory_order_acquire) >= rows) return;
    const std::lock_guard lock{queue_mutex_};
    state.tokens = tokens;
    state.wanted.store(rows, std::memory_order_relaxed);
    enqueue(slot);
    wake();
  }

  /// Returns when rows for `tokens` tokens are mapped, or why they cannot be; what was mapped until
  /// then stays. One load if they are.
  [[nodiscard]] result<void> ensure(std::uint32_t slot, std::size_t tokens) noexcept {
    auto& state = at(slot);
    const auto rows = rows_for(config_, tokens);
    if (state.mapped.load(std::memory_order_acquire) >= rows) return {};
    result<void> done;
    {
      const auto lock = lock_before_worker();
      while (state.mapped.load(std::memory_order_relaxed) < rows && (done = extend(slot))) {
        ++counts_.at_once;
      }
    }
    const std::lock_guard lock{queue_mutex_};
    may_prepare_ = true;  // less memory is left
    wake();
    return done;
  }

  /// Rows of `slot` that are mapped. Any thread: whoever sees a row here may use it.
  [[nodiscard]] std::uint32_t mapped(std::uint32_t slot) const noexcept {
    KVFOLIO_EXPECTS(slot < slots_.size());
    return slots_[slot].mapped.load(std::memory_order_acquire);
  }

  /// The sequence of `slot` ends; when it returns nobody maps there.
  void stop(std::uint32_t slot) noexcept {
    auto& state = at(slot);
    {
      const std::lock_guard lock{queue_mutex_};
      state.wanted.store(0, std::memory_order_relaxed);
      if (queue_.contains(to_page(slot))) queue_.erase(to_page(slot));
    }
    const auto lock = lock_before_worker();  // the worker may have been about to
    state.mapped.store(0, std::memory_order_relaxed);
  }

  /// Returns `act(work)`, while the worker does nothing: for all else that maps and unmaps.
  template <class Act>
  decltype(auto) with(Act&& act) {
    const auto lock = lock_before_worker();
    return std::forward<Act>(act)(*work_);
  }

  /// What it did.
  [[nodiscard]] extension_counts counts() noexcept {
    const auto lock = lock_before_worker();
    return counts_;
  }

 private:
  struct slot_state {
    std::atomic<std::uint32_t> mapped{0};
    std::atomic<std::uint32_t> wanted{0};
    std::size_t tokens = 0;  // guarded by queue_mutex_
  };

  [[nodiscard]] slot_state& at(std::uint32_t slot) noexcept {
    KVFOLIO_EXPECTS(slot < slots_.size());
    return slots_[slot];
  }

  // Guarded by work_mutex_.
  [[nodiscard]] result<void> extend(std::uint32_t slot) noexcept {
    auto done = work_->extend(slot);
    if (done) at(slot).mapped.fetch_add(1, std::memory_order_release);
    return done;
  }

  // Takes the lock as soon as the worker has mapped its row: a mutex alone would give it to the
  // worker again and again.
  [[nodiscard]] std::unique_lock<std::mutex> lock_before_worker() noexcept {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    std::unique_lock lock{work_mutex_};
    if (waiting_.fetch_sub(1, std::memory_order_relaxed) == 1) waiting_.notify_one();
    return lock;
  }
  [[nodiscard]] std::unique_lock<std::mutex> lock_behind_owner() noexcept {
    for (auto owner = waiting_.load(); owner != 0; owner = waiting_.load()) waiting_.wait(owner);
    return std::unique_lock{work_mutex_};
  }

  // These are guarded by queue_mutex_.
  void enqueue(std::uint32_t slot) noexcept {
    const auto& state = at(slot);
    const auto rows = state.mapped.load(std::memory_order_relaxed);
    const auto slack = static_cast<std::int64_t>(std::size_t{rows} * config_.tokens_per_row) -
                       static_cast<std::int64_t>(state.tokens);
    if (queue_.contains(to_page(slot))) {
      queue_.change(to_page(slot), slack);
    } else {
      queue_.insert(to_page(slot), slack);
    }
  }
  [[nodiscard]] bool has_work() const noexcept {
    return (allowance_ != 0 && queue_.size() != 0) || may_prepare_;
  }
  void wake() noexcept {
    if (sleeps_ && has_work()) changed_.notify_one();
  }

  void run(const std::stop_token& stop) noexcept {
    if (!work_->bind_thread()) return;  // then the owner maps everything itself
    std::unique_lock lock{queue_mutex_};
    while (!stop.stop_requested()) {
      if (!has_work()) {
        sleeps_ = true;
        changed_.wait(lock, stop, [this] { return has_work(); });
        sleeps_ = false;
        continue;
      }
      if (allowance_ != 0 && queue_.size() != 0) {
        map_first(lock);
      } else {
        lock.unlock();
        const bool more = prepare();
        lock.lock();
        may_prepare_ = more;
      }
    }
  }

  // Maps a row of the slot with the least slack, if it is still wanted.
  void map_first(std::unique_lock<std::mutex>& lock) noexcept {
    const auto slot = static_cast<std::uint32_t>(*queue_.take_first());
    lock.unlock();
    const bool did = map_ahead(slot);
    lock.lock();
    if (!did) return;
    if (config_.rows_per_step != UINT32_MAX && allowance_ != 0) --allowance_;
    may_prepare_ = true;  // less memory is left
    const auto& state = at(slot);
    if (state.mapped.load(std::memory_order_relaxed) <
        state.wanted.load(std::memory_order_relaxed)) {
      enqueue(slot);
    }
  }

  // Maps a row of `slot` if it is still wanted, and says whether it did. After a failure the owner
  // will ask again, or see it himself.
  [[nodiscard]] bool map_ahead(std::uint32_t slot) noexcept {
    const auto lock = lock_behind_owner();
    auto& state = at(slot);
    if (state.mapped.load(std::memory_order_relaxed) >=
        state.wanted.load(std::memory_order_relaxed)) {
      return false;
    }
    if (!extend(slot)) return false;
    ++counts_.ahead;
    return true;
  }
  [[nodiscard]] bool prepare() noexcept {
    const auto lock = lock_behind_owner();
    return work_->prepare();
  }

  Work* work_;  // called with work_mutex_
  extension_config config_;
  std::vector<slot_state> slots_;
  extension_counts counts_;  // guarded by work_mutex_

  std::mutex work_mutex_;
  std::atomic<int> waiting_{0};  // the owner, for work_mutex_

  std::mutex queue_mutex_;  // held for moments; of the two mutexes nobody holds both
  std::condition_variable_any changed_;
  rank_order<std::int64_t> queue_;  // slots that want rows, the least slack first
  std::uint32_t allowance_;         // rows that may be mapped ahead
  bool may_prepare_ = true;
  bool sleeps_ = false;

  std::jthread worker_;  // last, so that it ends first
};

}  // namespace kvfolio::vm
