// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/tier/copy_plan.hpp>
#include <kvfolio/tier/page_mover.hpp>
#include <kvfolio/tier/page_transfer.hpp>
#include <kvfolio/tier/store.hpp>

namespace kvfolio::tier {

/// Names a transfer that was started.
enum class transfer_ticket : std::uint64_t {};

/// How far a transfer is.
struct transfer_progress {
  std::size_t landed = 0;  ///< of its pages, from the first on
  bool ended = false;      ///< nothing touches its pages any more

  /// Equal in every member.
  friend constexpr bool operator==(const transfer_progress&, const transfer_progress&) = default;
};

/// What a step of a `transfer_engine` did.
enum class transfer_step : std::uint8_t {
  idle,    ///< nothing: there is nothing to do
  waited,  ///< nothing: the mover is at work, and nothing can be done meanwhile
  worked   ///< something
};

/// Moves pages between a pool and a store, a batch at a time and in the order in which transfers
/// were started: while the mover fills or empties one half of a staging buffer, the store works on
/// the other half.
///
/// It has no thread: whoever calls `step` does the work, a batch's at most; see `transfer_thread`.
/// Inside a batch, pages are moved in the order of their addresses, so that neighbours move at
/// once. A transfer ends early where the store has no page, or takes none; when it has ended, be it
/// that it was aborted, `landed` says which pages are where they should be. Nothing is allocated
/// after construction. One owner thread.
template <page_store Store, page_mover Mover>
class transfer_engine {
 public:
  /// Moves pages that lie in the pool as `places` says by `mover`, to and from `store`, which must
  /// outlive it. Stages twice `batch` pages, and remembers `transfers` transfers. Precondition:
  /// neither is 0, and a page has the bytes of the store's. \throws std::bad_alloc
  transfer_engine(Store& store, Mover mover, const page_places& places, std::size_t batch = 16,
                  std::size_t transfers = 16)
      : store_{store},
        mover_{std::move(mover)},
        places_{places.joined()},
        batch_{batch},
        plan_{batch, places_.pieces},
        pages_(batch),
        places_in_half_(batch),
        slots_(batch),
        order_(batch),
        reads_(batch),
        writes_(batch),
        staging_{checked_mul(2 * batch, places.page_bytes())},
        value_{keeps_pages_whole() ? 0 : checked_mul(batch, places.page_bytes())},
        jobs_(transfers) {
    KVFOLIO_EXPECTS(batch != 0 && transfers != 0 && places.page_bytes() == store.page_bytes());
  }

  /// Starts to move `transfers`, which must stay where they are until that has ended. Fails with
  /// `errc::in_flight` if as many as the engine remembers have not ended. O(1).
  [[nodiscard]] result<transfer_ticket> start(direction way,
                                              std::span<const page_transfer> transfers) noexcept {
    auto& next = job_of(transfer_ticket{started_});
    if (!next.progress.ended) return errc::in_flight;
    next = {transfers, way, {.landed = 0, .ended = transfers.empty()}, false};
    return transfer_ticket{started_++};
  }

  /// How far a transfer is. Precondition: `ticket` is one of the last that were started, of as many
  /// as the engine remembers.
  [[nodiscard]] transfer_progress progress(transfer_ticket ticket) const noexcept {
    return jobs_[slot_of(ticket)].progress;
  }

  /// Ends a transfer as soon as nothing touches its pages, which a later `step` does. O(1).
  /// Precondition: as of `progress`.
  void abort(transfer_ticket ticket) noexcept { job_of(ticket).aborted = true; }

  /// Does the next piece of work.
  transfer_step step() noexcept {
    while (current_ < started_ && job_of(transfer_ticket{current_}).progress.ended) ++current_;
    if (current_ == started_) return transfer_step::idle;
    auto& job = job_of(transfer_ticket{current_});
    if (flying_.pages != 0 && !mover_.done()) {
      return may_fetch(job) ? (fetch(job), transfer_step::worked) : transfer_step::waited;
    }
    if (job.aborted) {
      end(job);
    } else if (job.way == direction::to_store) {
      step_out(job);
    } else {
      step_in(job);
    }
    return transfer_step::worked;
  }

  /// Waits for the mover.
  void wait() noexcept { mover_.wait(); }

  /// Does all that there is to do.
  void run() noexcept {
    for (auto did = step(); did != transfer_step::idle; did = step()) {
      if (did == transfer_step::waited) wait();
    }
  }

 private:
  struct job_record {
    std::span<const page_transfer> transfers;
    direction way{};
    transfer_progress progress{.landed = 0, .ended = true};
    bool aborted = false;
  };
  // Pages of a job that are in a half of the staging buffer.
  struct batch_record {
    std::size_t first = 0;
    std::size_t pages = 0;
    std::size_t half = 0;
  };

  [[nodiscard]] std::size_t slot_of(transfer_ticket ticket) const noexcept {
    const auto number = static_cast<std::uint64_t>(ticket);
    KVFOLIO_EXPECTS(number <= started_ && number + jobs_.size() >= started_);
    return static_cast<std::size_t>(number % jobs_.size());
  }
  [[nodiscard]] job_record& job_of(transfer_ticket ticket) noexcept {
    return jobs_[slot_of(ticket)];
  }

  // Out: the mover fills a half, then the store reads it, while the mover fills the other one.
  void step_out(job_record& job) noexcept {
    const auto full = std::exchange(flying_, {});
    const auto next = full.first + full.pages;
    if (next < job.transfers.size()) {
      const batch_record more{next, std::min(batch_, job.transfers.size() - next), 1 - full.half};
      arrange(job, more);
      fly(job, more);
    }
    if (full.pages == 0) return;
    if (put(job, full)) {
      job.progress.landed += full.pages;
    } else {
      job.aborted = true;
    }
    if (flying_.pages == 0) end(job);
  }

  // In: the store fills a half, then the mover empties it, while the store fills the other one.
  void step_in(job_record& job) noexcept {
    const auto landed = std::exchange(flying_, {});
    job.progress.landed += landed.pages;
    if (fetched_.pages == 0 && may_fetch(job)) fetch(job);
    if (fetched_.pages == 0) return end(job);
    fly(job, std::exchange(fetched_, {}));
  }

  // Is there a batch that the store should read now, while the mover is at work?
  [[nodiscard]] bool may_fetch(const job_record& job) const noexcept {
    return job.way == direction::to_pool && !job.aborted && fetched_.pages == 0 && !out_of_pages_ &&
           next_to_fetch(job) < job.transfers.size();
  }
  [[nodiscard]] std::size_t next_to_fetch(const job_record& job) const noexcept {
    return job.progress.landed + flying_.pages;
  }

  void fetch(job_record& job) noexcept {
    const auto first = next_to_fetch(job);
    const auto most = std::min(batch_, job.transfers.size() - first);
    fetched_ = {first, most, 1 - last_half_};
    arrange(job, fetched_);
    for (std::size_t i = 0; i < most; ++i) {
      reads_[i] = {job.transfers[first + i].key, value(fetched_.half, i), false};
    }
    (void)store_.get_many(std::span{reads_}.first(most));
    std::size_t hits = 0;
    while (hits < most && reads_[hits].hit) ++hits;
    out_of_pages_ = hits < most;
    fetched_.pages = hits;
    scatter(fetched_, hits);
  }

  bool put(const job_record& job, const batch_record& full) noexcept {
    arrange(job, full);
    gather(full);
    for (std::size_t i = 0; i < full.pages; ++i) {
      writes_[i] = {job.transfers[full.first + i].key, value(full.half, i)};
    }
    return store_.put_many(std::span{writes_}.first(full.pages)).has_value();
  }

  // Gives the pages of a batch their places in the staging buffer: in the order of their addresses.
  void arrange(const job_record& job, const batch_record& batch) noexcept {
    const auto order = std::span{order_}.first(batch.pages);
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto page_at = [&](std::size_t i) noexcept {
      return job.transfers[batch.first + i].page;
    };
    std::ranges::sort(order, {}, page_at);
    for (std::size_t place = 0; place < order.size(); ++place) {
      slots_[order[place]] = to_page(place);
    }
  }

  // Hands a batch that was just arranged, or the first pages of one, to the mover.
  void fly(const job_record& job, const batch_record& batch) noexcept {
    std::size_t count = 0;
    for (std::size_t place = 0; count < batch.pages; ++place) {
      if (order_[place] >= batch.pages) continue;
      pages_[count] = job.transfers[batch.first + order_[place]].page;
      places_in_half_[count++] = to_page(place);
    }
    const auto pages = std::span<const page_id>{pages_}.first(count);
    const auto staged_at = std::span<const page_id>{places_in_half_}.first(count);
    const auto copies = job.way == direction::to_store
                            ? plan_.plan(places_, pages, staged(), staged_at)
                            : plan_.plan(staged(), staged_at, places_, pages);
    mover_.start(job.way, copies, half(batch.half));
    flying_ = batch;
    last_half_ = batch.half;
  }

  // Does the staging buffer hold pages as the store wants them?
  [[nodiscard]] bool keeps_pages_whole() const noexcept {
    return !Mover::joins || places_.pieces == 1;
  }
  [[nodiscard]] page_places staged() const noexcept {
    return keeps_pages_whole() ? page_places::by_page(places_.pieces, places_.piece_bytes)
                               : page_places::by_piece(places_.pieces, places_.piece_bytes, batch_);
  }
  [[nodiscard]] std::span<std::byte> half(std::size_t which) noexcept {
    const auto bytes = batch_ * places_.page_bytes();
    return {staging_.data() + which * bytes, bytes};
  }

  // The bytes of the page at place `index` of a batch, as the store sees them.
  [[nodiscard]] std::span<std::byte> value(std::size_t which, std::size_t index) noexcept {
    const auto bytes = places_.page_bytes();
    if (keeps_pages_whole()) return half(which).subspan(to_index(slots_[index]) * bytes, bytes);
    return {value_.data() + index * bytes, bytes};
  }

  // Between pages as the store keeps them, and pieces of many pages that move at once.
  void gather(const batch_record& batch) noexcept {
    for_each_piece(batch.half, batch.pages, [this](std::byte* staged, std::byte* kept) noexcept {
      std::memcpy(kept, staged, places_.piece_bytes);
    });
  }
  void scatter(const batch_record& batch, std::size_t pages) noexcept {
    for_each_piece(batch.half, pages, [this](std::byte* staged, const std::byte* kept) noexcept {
      std::memcpy(staged, kept, places_.piece_bytes);
    });
  }
  template <class Visit>
  void for_each_piece(std::size_t which, std::size_t pages, Visit visit) noexcept {
    if (keeps_pages_whole()) return;
    for (std::size_t i = 0; i < pages; ++i) {
      for (std::size_t piece = 0; piece < places_.pieces; ++piece) {
        visit(half(which).data() + staged().offset(slots_[i], piece),
              value(which, i).data() + piece * places_.piece_bytes);
      }
    }
  }

  void end(job_record& job) noexcept {
    flying_ = fetched_ = {};
    out_of_pages_ = false;
    job.progress.ended = true;
  }

  Store& store_;
  Mover mover_;
  page_places places_;
  std::size_t batch_;
  copy_plan plan_;
  std::vector<page_id> pages_;           // that are handed to the mover
  std::vector<page_id> places_in_half_;  // of these
  std::vector<page_id> slots_;           // places in the half, by place in the batch
  std::vector<std::size_t> order_;       // places in the batch, by place in the half
  std::vector<store_read> reads_;
  std::vector<store_write> writes_;
  raw_array<std::byte> staging_;  // two halves
  raw_array<std::byte> value_;    // pages of a batch as the store wants them, if staged otherwise
  std::vector<job_record> jobs_;  // by ticket, the last ones
  std::uint64_t started_ = 0;
  std::uint64_t current_ = 0;  // all before it have ended
  batch_record flying_;        // in the mover
  batch_record fetched_;       // by the store, and not yet in the mover
  std::size_t last_half_ = 0;  // that the mover was given
  bool out_of_pages_ = false;  // the store has no more of the current transfer
};

}  // namespace kvfolio::tier
