// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace kvfolio::test {

class interleavings;

/// A mutex whose threads go on only when the `interleavings` that they belong to says so. Others
/// lock it at once.
class scheduled_mutex {
 public:
  void lock();
  void unlock() { held_ = false; }

 private:
  friend interleavings;
  bool held_ = false;  // one thread runs at a time, and passes on under a mutex
};

/// Runs a few short programs, each on a thread of its own, in every order in which they can take
/// their locks. What they share they touch under locks only, which the thread sanitizer says, so
/// these are all orders that matter. A deadlock ends the process.
class interleavings {
 public:
  using program = std::function<void()>;

  explicit interleavings(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) workers_.push_back(std::make_unique<worker>());
    for (auto& each : workers_) {
      each->thread = std::jthread{[this, self = each.get()] { serve(*self); }};
    }
  }
  interleavings(const interleavings&) = delete;
  interleavings& operator=(const interleavings&) = delete;
  ~interleavings() {
    ending_ = true;
    for (auto& each : workers_) pass_to(*each);
  }

  /// Calls `begin`, runs the `programs`, as many as there are threads, and calls `end`, for every
  /// order; returns how many there are.
  std::size_t explore(const program& begin, const std::vector<program>& programs,
                      const program& end) {
    std::size_t orders = 0;
    for (path_.clear(); orders == 0 || next_path(); ++orders) {
      begin();
      run(programs);
      end();
    }
    return orders;
  }

 private:
  friend scheduled_mutex;

  struct worker {
    std::jthread thread{};
    const program* code = nullptr;
    const scheduled_mutex* wanted = nullptr;
    bool done = false;
  };
  struct choice {
    std::size_t taken;
    std::size_t of;
  };

  // The path of the next order: the last choice that has another one left takes it.
  bool next_path() {
    while (!path_.empty() && path_.back().taken + 1 == path_.back().of) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().taken;
    return true;
  }

  void run(const std::vector<program>& programs) {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i]->code = &programs[i];
      workers_[i]->wanted = nullptr;
      workers_[i]->done = false;
    }
    for (std::size_t step = 0;; ++step) {
      std::vector<worker*> able;
      std::size_t done = 0;
      for (auto& each : workers_) {
        done += each->done ? 1 : 0;
        if (!each->done && (each->wanted == nullptr || !each->wanted->held_)) {
          able.push_back(each.get());
        }
      }
      if (done == workers_.size()) return;
      if (able.empty()) {
        std::fputs("deadlock\n", stderr);
        std::abort();
      }
      if (step == path_.size()) path_.push_back({0, able.size()});
      pass_to(*able[path_[step].taken]);
    }
  }

  // Lets `next` run until it wants a lock or is done.
  void pass_to(worker& next) {
    std::unique_lock lock{mutex_};
    active_ = &next;
    changed_.notify_all();
    changed_.wait(lock, [this] { return active_ == nullptr; });
  }

  // Lets the one who chooses choose.
  void pass_back(worker& self) {
    std::unique_lock lock{mutex_};
    active_ = nullptr;
    changed_.notify_all();
    changed_.wait(lock, [this, &self] { return active_ == &self; });
  }

  void serve(worker& self) {
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this, &self] { return active_ == &self; });
    }
    here_ = {this, &self};
    while (!ending_) {
      (*self.code)();
      self.done = true;
      pass_back(self);
    }
    const std::scoped_lock lock{mutex_};
    active_ = nullptr;
    changed_.notify_all();
  }

  static inline thread_local std::pair<interleavings*, worker*> here_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  worker* active_ = nullptr;
  bool ending_ = false;
  std::vector<choice> path_;
  std::vector<std::unique_ptr<worker>> workers_;  // last, so that threads end first
};

inline void scheduled_mutex::lock() {
  if (const auto [owner, self] = interleavings::here_; owner != nullptr) {
    self->wanted = this;
    owner->pass_back(*self);
    self->wanted = nullptr;
  }
  held_ = true;
}

}  // namespace kvfolio::test
