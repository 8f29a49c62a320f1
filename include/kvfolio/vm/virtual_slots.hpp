// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/vm/chunk_pool.hpp>
#include <kvfolio/vm/concept.hpp>
#include <kvfolio/vm/reclamation.hpp>
#include <kvfolio/vm/row_map.hpp>
#include <kvfolio/vm/slot_pool.hpp>
#include <kvfolio/vm/tensor_layout.hpp>

namespace kvfolio::vm {

/// Sequences that grow in virtual memory, without pages or prefixes: what vAttention does (Prabhu
/// et al., ASPLOS 2025), for engines that keep the rest themselves.
///
/// A sequence has a slot. It grows by rows at its end; when it ends, its slot is retired with all
/// that is mapped there, and `Rule` says when that is unmapped. Rows that the next owner of the
/// slot does not yet need linger at its end, where they cost it nothing, and are unmapped when
/// nobody has a row left. Slots may show the same full rows, read-only (`share`).
///
/// It is `extension_work`: who calls `extend` ahead of need may be a worker. The caller tells by
/// `complete` what the device has done. All members but the constructor are
/// `noexcept`, and cost what `row_map` and `slot_pool` do; without a free row `extend` looks at all
/// slots. One owner thread. Backend and pool outlive it.
template <vm_backend B, reclamation_rule Rule = deferred_reclaim>
class virtual_slots {
 public:
  /// Makes slots for sequences of `layout`. \throws what `row_map` does
  template <tensor_layout L>
  virtual_slots(B& backend, chunk_pool<B>& rows, const L& layout, const row_map_config& config)
      : backend_{&backend},
        rows_{&rows},
        map_{backend, rows, layout, config},
        slots_{config.slots, config.rows_per_slot},
        states_(config.slots) {}

  /// What is mapped where.
  [[nodiscard]] const row_map<B>& map() const noexcept { return map_; }
  /// Rows that `slot` has, lingering ones not counted.
  [[nodiscard]] std::uint32_t rows(std::uint32_t slot) const noexcept { return at(slot).rows; }
  /// Rows that can be had: free ones, and those that are unmapped for it, some of them perhaps only
  /// when the device is done.
  [[nodiscard]] std::size_t obtainable() const noexcept {
    return rows_->free() + rows_->lingering();
  }

  /// Hands out an empty slot, that in which a sequence of `rows` rows finds the most mapped;
  /// `too_many_sequences` if none is free.
  [[nodiscard]] result<std::uint32_t> acquire(std::uint32_t rows = 0) noexcept {
    const auto slot = slots_.acquire(rows);
    if (!slot) return errc::too_many_sequences;
    at(*slot).is_taken = true;
    return *slot;
  }

  /// Adds a row at the end of `slot`: the one that lingers there, else a free one, else one that is
  /// unmapped for it. `out_of_pages` if there is none, `out_of_range` if the slot is full, and the
  /// backend's errors; then nothing has changed but that rows may have been reclaimed.
  [[nodiscard]] result<void> extend(std::uint32_t slot) noexcept {
    auto& state = at(slot);
    KVFOLIO_EXPECTS(state.is_taken);
    if (state.rows == map_.config().rows_per_slot) return errc::out_of_range;
    if (const auto here = map_.at(slot, state.rows)) {
      rows_->claim(here->row);
      ++state.rows;
      return {};
    }
    auto row = rows_->take();
    while (!row && reclaim_one()) row = rows_->take();
    if (!row) return errc::out_of_pages;
    auto done = map_.map(slot, state.rows, {&*row, 1}, access::read_write);
    // Where mappings are short, those that nobody uses are in the way.
    while (!done && done.error() == errc::no_mappings && reclaim_one()) {
      done = map_.map(slot, state.rows, {&*row, 1}, access::read_write);
    }
    if (!done) {
      rows_->unpin(*row);
      return done;
    }
    ++state.rows;
    return {};
  }

  /// Gives memory to a chunk of which there should be more, as `chunk_pool::prepare`, and says
  /// whether it did.
  bool prepare() noexcept {
    const auto did = rows_->prepare();
    return did && *did;
  }
  /// Prepares the calling thread, if it is another one.
  [[nodiscard]] result<void> bind_thread() noexcept { return backend_->bind_thread(); }

  /// Shows the first `rows` rows of `from` in `to` too, where nobody may write them any more: those
  /// that are full of a common prefix. All or none; `in_flight` if the last owner of `to` may still
  /// use what is mapped there, which `acquire(0)` avoids where it can. Precondition: `from` has as
  /// many, `to` has none.
  [[nodiscard]] result<void> share(std::uint32_t from, std::uint32_t to,
                                   std::uint32_t rows) noexcept {
    KVFOLIO_EXPECTS(at(to).is_taken && at(to).rows == 0 && rows <= at(from).rows && from != to);
    if (rows == 0) return {};
    if (map_.mapped(to) != 0 && at(to).used_until >= done_) return errc::in_flight;
    std::uint32_t place = 0;
    result<void> done;
    for (; done && place < rows; ++place) {
      const auto row = map_.at(from, place)->row;
      rows_->pin(row);
      done = map_.put(to, place, row, access::read);
    }
    if (done) done = map_.protect(from, 0, rows, access::read);
    if (!done) {
      while (place-- > 0) rows_->unpin(map_.at(from, place)->row);
      (void)map_.unmap(to, 0, map_.config().rows_per_slot);
      return done;
    }
    at(to).rows = rows;
    at(from).is_shared = at(to).is_shared = true;
    return {};
  }

  /// Takes `slot` back, whose rows a device may use until everything up to `when` is done.
  /// Precondition: it is handed out, and epochs do not decrease.
  void retire(std::uint32_t slot, epoch when) noexcept {
    auto& state = at(slot);
    KVFOLIO_EXPECTS(state.is_taken);
    for (; state.rows > 0; --state.rows) rows_->unpin(map_.at(slot, state.rows - 1)->row);
    slots_.retire(slot, map_.mapped(slot), when, !state.is_shared);
    state = {.used_until = when};
    reclaim_due();
  }

  /// Everything before `now` is done: unmaps what must be, and what `Rule` says.
  void complete(epoch now) noexcept {
    done_ = now;
    reclaim_due();
  }

  /// Unmaps one row that nobody uses, and says whether there was one: the last one of the slot that
  /// was retired first, or else the last one that lingers behind a sequence.
  bool reclaim_one() noexcept {
    if (const auto slot = slots_.victim(done_)) {
      unmap_last(*slot);
      slots_.shrank(*slot, map_.mapped(*slot));
      return true;
    }
    for (std::uint32_t slot = 0; slot < states_.size(); ++slot) {
      const auto& state = at(slot);
      if (state.is_taken && state.used_until < done_ && map_.mapped(slot) > state.rows) {
        unmap_last(slot);
        return true;
      }
    }
    return false;
  }

 private:
  struct slot_state {
    epoch used_until{};      // by its last owner
    std::uint32_t rows = 0;  // that are pinned for its owner
    bool is_taken = false;
    bool is_shared = false;  // has rows that other slots have
  };

  [[nodiscard]] slot_state& at(std::uint32_t slot) noexcept {
    KVFOLIO_EXPECTS(slot < states_.size());
    return states_[slot];
  }
  [[nodiscard]] const slot_state& at(std::uint32_t slot) const noexcept {
    KVFOLIO_EXPECTS(slot < states_.size());
    return states_[slot];
  }

  // The rows of a slot are the first places of it, without holes.
  void unmap_last(std::uint32_t slot) noexcept {
    const auto mapped = map_.mapped(slot);
    (void)map_.unmap(slot, mapped - 1, mapped);
  }
  void reclaim_due() noexcept {
    while (const auto slot = slots_.closing(done_)) {
      (void)map_.unmap(*slot, 0, map_.config().rows_per_slot);
      slots_.shrank(*slot, 0);
    }
    while (Rule::due({.free = rows_->free(), .low = rows_->config().low})) {
      if (!slots_.victim(done_)) return;
      (void)reclaim_one();
    }
  }

  B* backend_;
  chunk_pool<B>* rows_;
  row_map<B> map_;
  slot_pool slots_;
  std::vector<slot_state> states_;  // by slot
  epoch done_{};
};

}  // namespace kvfolio::vm
