// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/page/concept.hpp>
#include <kvfolio/page/thread_number.hpp>

namespace kvfolio::page {

/// Hands out the pages of one pool to any number of threads, from a cache for each of them: after
/// the magazines of Bonwick and Adams ("Magazines and Vmem", USENIX 2001).
///
/// A thread takes and returns pages under the lock of its own cache, which nobody contends for, and
/// goes to the pool for `Batch` pages at a time, under the pool's lock. There is no lock-free list,
/// hence nothing to tag. When its cache and the pool are empty, it collects what is in all caches:
/// so a page is found iff one is free, wherever it is. Threads beyond the number of caches share.
///
/// `Batch` pages move between a cache and the pool; `Mutex` is any default-constructible one.
///
/// Every operation may be called by any thread at any time, except moving and destruction. With one
/// thread, equal calls give equal pages; with several, which page a thread gets depends on who was
/// first. Allocating and releasing are O(1), and every `Batch`-th time what `A` takes for a batch;
/// O(pages) when the pool is empty. Costs 64 bytes and 8 per entry for each cache, besides `A`.
///
/// In checked builds a page that is released twice is found at once if it is in the thread's own
/// cache, and else when it reaches the pool, if `A` checks.
template <page_allocator A, std::size_t Batch = 64, class Mutex = std::mutex>
requires(Batch > 0) class thread_caches {
 public:
  /// Creates a pool of the pages `[first, last)`, and caches. \throws std::bad_alloc
  thread_caches(page_id first, page_id last, std::size_t caches = 16)
      : state_{std::make_unique<state>(first, last, caches)} {
    KVFOLIO_EXPECTS(caches > 0);
  }

  /// Hands out the page that came last to the thread's cache, or one from elsewhere; `nullopt` iff
  /// none was free at some moment of the call.
  [[nodiscard]] std::optional<page_id> allocate() noexcept {
    {
      auto& mine = own();
      const std::scoped_lock lock{mine.mutex};
      if (mine.size == 0) refill(mine);
      if (mine.size != 0) return mine.entries[--mine.size].page;
    }
    const everything all{*state_};
    all.collect();
    return state_->pool.allocate();
  }

  /// Takes `page` back. Precondition: it is handed out.
  void release(page_id page, page_history history) noexcept {
    auto& mine = own();
    const std::scoped_lock lock{mine.mutex};
    KVFOLIO_EXPECTS(state_->first <= page && page < state_->last);
    KVFOLIO_EXPECTS(!mine.contains(page));
    if (mine.size == mine.entries.size()) {
      const std::scoped_lock pool_lock{state_->mutex};
      mine.drain(state_->pool, Batch);
    }
    mine.entries[mine.size++] = {page, history};
  }

  /// Hands out a run of the pool, if need be after collecting what is in the caches; `nullopt`
  /// leaves the same pages free, and the caches empty.
  [[nodiscard]] std::optional<page_run> allocate_run(std::uint32_t pages) noexcept requires
      run_allocator<A> {
    {
      const std::scoped_lock lock{state_->mutex};
      if (const auto run = state_->pool.allocate_run(pages)) return run;
    }
    const everything all{*state_};
    all.collect();
    return state_->pool.allocate_run(pages);
  }

  /// Takes the pages of `run` back, to the pool. Precondition: they are handed out.
  void release_run(page_run run, page_history history) noexcept requires run_allocator<A> {
    const std::scoped_lock lock{state_->mutex};
    state_->pool.release_run(run, history);
  }

  /// Grows or shrinks as `A` does, or returns its error, after collecting what is in the caches.
  /// \throws std::bad_alloc with no page handed out or lost
  [[nodiscard]] result<void> resize(page_id last) requires resizable_allocator<A> {
    const everything all{*state_};
    all.collect();
    auto done = state_->pool.resize(last);
    if (done) state_->last = last;
    return done;
  }

  /// Number of free pages at some moment of the call, wherever they are. O(caches).
  [[nodiscard]] std::size_t size() const noexcept {
    const everything all{*state_};
    auto pages = state_->pool.size();
    for (const auto& each : state_->caches) pages += each.size;
    return pages;
  }

  /// Calls `visit(page)` for every free page: those of the pool, then those in the caches. All wait
  /// meanwhile, so `visit` must not use the allocator.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const everything all{*state_};
    state_->pool.for_each(visit);
    for (const auto& each : state_->caches) {
      for (auto at = each.size; at-- > 0;) visit(each.entries[at].page);
    }
  }

 private:
  struct entry {
    page_id page;
    page_history history;
  };

  struct alignas(64) cache {
    [[nodiscard]] bool contains(page_id page) const noexcept {
      return std::any_of(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(size),
                         [page](const entry& each) { return each.page == page; });
    }

    // Gives the pages that are here longest to `pool`.
    void drain(A& pool, std::size_t pages) noexcept {
      for (std::size_t i = 0; i < pages; ++i) pool.release(entries[i].page, entries[i].history);
      std::copy(entries.begin() + static_cast<std::ptrdiff_t>(pages),
                entries.begin() + static_cast<std::ptrdiff_t>(size), entries.begin());
      size -= pages;
    }

    Mutex mutex;
    std::size_t size = 0;
    std::array<entry, 2 * Batch> entries;  // the first `size` of them; the last came last
  };

  struct state {
    state(page_id from, page_id to, std::size_t count)
        : caches(count), first{from}, last{to}, pool(from, to) {}

    // What every call reads and hardly any writes, apart from what threads fight for.
    std::vector<cache> caches;
    page_id first;
    page_id last;
    alignas(64) Mutex mutex;  // of the pool; taken after those of caches, and these in order
    A pool;
  };

  // Holds all locks.
  class everything {
   public:
    explicit everything(state& held) noexcept : state_{held} {
      for (auto& each : state_.caches) each.mutex.lock();
      state_.mutex.lock();
    }
    everything(const everything&) = delete;
    everything& operator=(const everything&) = delete;
    ~everything() {
      state_.mutex.unlock();
      for (auto& each : state_.caches) each.mutex.unlock();
    }

    void collect() const noexcept {
      for (auto& each : state_.caches) each.drain(state_.pool, each.size);
    }

   private:
    state& state_;
  };

  [[nodiscard]] cache& own() const noexcept {
    return state_->caches[thread_number() % state_->caches.size()];
  }

  // At most half of what there is, so that the last pages do not go to and fro between two threads.
  void refill(cache& mine) noexcept {
    const std::scoped_lock lock{state_->mutex};
    mine.size = std::min(Batch, (state_->pool.size() + 1) / 2);
    for (auto at = mine.size; at-- > 0;) {
      mine.entries[at] = {*state_->pool.allocate(), page_history::draft};
    }
  }

  std::unique_ptr<state> state_;
};

}  // namespace kvfolio::page
