// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/tier/page_mover.hpp>
#include <kvfolio/tier/page_transfer.hpp>
#include <kvfolio/tier/store.hpp>
#include <kvfolio/tier/transfer_engine.hpp>

namespace kvfolio::tier {

/// A thread that does the work of a `transfer_engine`, and the same interface for everybody else.
///
/// Any thread may call it. No call waits for a page to move but `wait` and the destructor, which
/// aborts what has not ended. While the thread lives, the engine is its own, and so is the store
/// unless that can be shared (`synchronized_store`). What was written to the pages before `start`
/// is what moves; what `progress` says has landed can be read. Costs 16 bytes a transfer.
template <page_store Store, page_mover Mover>
class transfer_thread {
 public:
  /// Works for `engine`, which must outlive it and have nothing to do, and remembers `transfers`
  /// transfers, no more than the engine does. \throws std::system_error if there is no thread
  explicit transfer_thread(transfer_engine<Store, Mover>& engine, std::size_t transfers = 16)
      : engine_{engine},
        requests_(transfers),
        seen_(transfers, {.landed = 0, .ended = true}),
        thread_{[this](const std::stop_token& stop) { work(stop); }} {}

  transfer_thread(const transfer_thread&) = delete;
  transfer_thread(transfer_thread&&) = delete;
  transfer_thread& operator=(const transfer_thread&) = delete;
  transfer_thread& operator=(transfer_thread&&) = delete;
  ~transfer_thread() {
    {
      const std::lock_guard lock{mutex_};
      for (auto& each : requests_) each.aborted = true;
    }
    thread_.request_stop();
  }

  /// As `transfer_engine::start`.
  [[nodiscard]] result<transfer_ticket> start(direction way,
                                              std::span<const page_transfer> transfers) noexcept {
    auto ticket = transfer_ticket{};
    {
      const std::lock_guard lock{mutex_};
      const auto slot = static_cast<std::size_t>(started_ % seen_.size());
      if (!seen_[slot].ended) return errc::in_flight;
      requests_[slot] = {transfers, way, false};
      seen_[slot] = {};
      ticket = transfer_ticket{started_++};
    }
    changed_.notify_all();
    return ticket;
  }

  /// As `transfer_engine::progress`.
  [[nodiscard]] transfer_progress progress(transfer_ticket ticket) const noexcept {
    const std::lock_guard lock{mutex_};
    return seen_[slot_of(ticket)];
  }

  /// As `transfer_engine::abort`.
  void abort(transfer_ticket ticket) noexcept {
    const std::lock_guard lock{mutex_};
    requests_[slot_of(ticket)].aborted = true;
  }

  /// Waits until a transfer has ended, and says how far it came.
  transfer_progress wait(transfer_ticket ticket) noexcept {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return seen_[slot_of(ticket)].ended; });
    return seen_[slot_of(ticket)];
  }

 private:
  struct request {
    std::span<const page_transfer> transfers;
    direction way{};
    bool aborted = false;
  };

  [[nodiscard]] std::size_t slot_of(transfer_ticket ticket) const noexcept {
    const auto number = static_cast<std::uint64_t>(ticket);
    KVFOLIO_EXPECTS(number < started_ && number + seen_.size() >= started_);
    return static_cast<std::size_t>(number % seen_.size());
  }

  // One transfer after the other. The lock is not held while pages move.
  void work(const std::stop_token& stop) noexcept {
    std::unique_lock lock{mutex_};
    while (true) {
      changed_.wait(lock, stop, [this] { return ended_ != started_; });
      if (ended_ == started_) return;
      const auto slot = static_cast<std::size_t>(ended_ % seen_.size());
      const auto wanted = requests_[slot];
      const auto ticket = *engine_.start(wanted.way, wanted.transfers);
      while (!seen_[slot].ended) {
        if (requests_[slot].aborted) engine_.abort(ticket);
        lock.unlock();
        if (engine_.step() == transfer_step::waited) engine_.wait();
        const auto now = engine_.progress(ticket);
        lock.lock();
        seen_[slot] = now;
      }
      ++ended_;
      changed_.notify_all();
    }
  }

  transfer_engine<Store, Mover>& engine_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<request> requests_;        // by ticket, the last ones
  std::vector<transfer_progress> seen_;  // of these
  std::uint64_t started_ = 0;
  std::uint64_t ended_ = 0;
  std::jthread thread_;  // the last member: it uses all others
};

}  // namespace kvfolio::tier
