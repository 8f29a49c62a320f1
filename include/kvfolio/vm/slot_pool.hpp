// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/index_list.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio::vm {

/// Counts what the caller gave a device to do, and what of it is done: a step number, say.
enum class epoch : std::uint64_t {};

/// Which slots are free, what is still mapped there, and in which order it is unmapped.
///
/// A slot that is *retired* keeps its rows, and the next sequence takes the one that fits best: of
/// those with as many rows as it needs the one with the fewest, else the one with the most. What is
/// unmapped is the last row of the slot that was retired first, and only behind the caller's fence:
/// when everything that was begun up to its epoch is done. A slot may be used again before that, as
/// work is done in the order in which it is given.
///
/// `acquire` is O(log64 n), n being slots times rows; all else too. Costs 2.04 bits for each row of
/// each slot and 24 bytes a slot, allocated once. All members but the constructor are `noexcept`.
/// One owner thread.
class slot_pool {
 public:
  /// Creates free slots `[0, slots)` with up to `rows_per_slot` rows. \throws std::bad_alloc
  /// \throws std::length_error if they cannot be counted
  slot_pool(std::uint32_t slots, std::uint32_t rows_per_slot)
      : slots_{slots},
        rows_per_slot_{rows_per_slot},
        fewest_first_{checked_mul(slots, std::size_t{rows_per_slot} + 1)},
        most_first_{checked_mul(slots, std::size_t{rows_per_slot} + 1)},
        retired_{slots},
        records_(slots) {
    for (std::uint32_t slot = 0; slot < slots; ++slot) enter(slot, 0);
    acquirable_ = slots;
  }

  /// How many slots `acquire` can find.
  [[nodiscard]] std::size_t size() const noexcept { return acquirable_; }
  /// Rows that are mapped in slots of nobody.
  [[nodiscard]] std::size_t retired_rows() const noexcept { return retired_rows_; }

  /// Hands out the slot that fits `rows` rows best; `nullopt` if none is free. Of two that fit
  /// alike it is the one with the lower number.
  [[nodiscard]] std::optional<std::uint32_t> acquire(std::uint32_t rows) noexcept {
    auto found =
        rows <= rows_per_slot_ ? fewest_first_.next(std::size_t{rows} * slots_) : std::nullopt;
    if (!found) found = most_first_.next(0);
    if (!found) return std::nullopt;
    const auto slot = static_cast<std::uint32_t>(*found % slots_);
    take(slot);
    return slot;
  }

  /// Hands out `slot`, for who knows better which. Precondition: it is free or retired, and may be
  /// used again.
  void take(std::uint32_t slot) noexcept {
    KVFOLIO_EXPECTS(at(slot).state == slot_state::open);
    leave(slot);
    at(slot).state = slot_state::taken;
    --acquirable_;
  }

  /// Can `slot` be acquired?
  [[nodiscard]] bool is_free(std::uint32_t slot) const noexcept {
    return at(slot).state == slot_state::open;
  }
  /// Calls `visit(slot)` for each slot that can be acquired, those with the fewest rows first.
  template <class Visit>
  void for_each_free(Visit&& visit) const {
    for (auto next = fewest_first_.next(0); next; next = fewest_first_.next(*next + 1)) {
      visit(static_cast<std::uint32_t>(*next % slots_));
    }
  }

  /// Calls `visit(slot)` for each slot that has rows of nobody, the one that was retired first
  /// first.
  template <class Visit>
  void for_each_retired(Visit&& visit) const {
    for (auto slot = retired_.front(); slot; slot = retired_.next(*slot)) visit(index(*slot));
  }
  /// Until when `slot` is in use, as it was told last; `epoch{}` if it never was. O(1).
  [[nodiscard]] epoch used_until(std::uint32_t slot) const noexcept { return at(slot).when; }

  /// Takes `slot` back with the `rows` rows that are mapped there, in use until `when`. Epochs do
  /// not decrease. `reusable` is false if somebody else has these rows too: then they are unmapped
  /// before anything else, and nobody gets the slot before. Precondition: it is handed out.
  void retire(std::uint32_t slot, std::uint32_t rows, epoch when, bool reusable = true) noexcept {
    KVFOLIO_EXPECTS(at(slot).state == slot_state::taken && rows <= rows_per_slot_);
    at(slot).when = when;
    if (reusable || rows == 0) {
      at(slot).state = slot_state::open;
      enter(slot, rows);
      ++acquirable_;
    } else {
      at(slot).state = slot_state::closing;
      at(slot).rows = rows;
      ++closing_;
    }
    retired_rows_ += rows;
    if (rows != 0) retired_.push_back(to_page(slot));
  }

  /// The slot whose last row is to be unmapped next, when everything up to `done`, but not `done`
  /// itself, is done; `nullopt` if nothing may be unmapped.
  [[nodiscard]] std::optional<std::uint32_t> victim(epoch done) const noexcept {
    const auto first = retired_.front();
    if (!first || at(index(*first)).when >= done) return std::nullopt;
    return index(*first);
  }

  /// A slot all of whose rows must be unmapped, whatever the need, under the same condition.
  /// O(slots) if there is one that may not yet be, else O(1).
  [[nodiscard]] std::optional<std::uint32_t> closing(epoch done) const noexcept {
    if (closing_ == 0) return std::nullopt;
    for (auto slot = retired_.front(); slot && at(index(*slot)).when < done;
         slot = retired_.next(*slot)) {
      if (at(index(*slot)).state == slot_state::closing) return index(*slot);
    }
    return std::nullopt;
  }

  /// Notes that only `rows` rows of `slot` are still mapped. Precondition: it is retired.
  void shrank(std::uint32_t slot, std::uint32_t rows) noexcept {
    auto& record = at(slot);
    KVFOLIO_EXPECTS(record.state != slot_state::taken && rows <= record.rows);
    retired_rows_ -= record.rows - rows;
    if (rows == 0 && record.rows != 0) retired_.erase(to_page(slot));
    if (record.state == slot_state::open) {
      leave(slot, false);
      enter(slot, rows);
    } else if (rows == 0) {
      record.state = slot_state::open;
      --closing_;
      ++acquirable_;
      enter(slot, 0);
    } else {
      record.rows = rows;
    }
  }

  /// Rows that are mapped in `slot`. Precondition: it is not handed out.
  [[nodiscard]] std::uint32_t rows(std::uint32_t slot) const noexcept {
    KVFOLIO_EXPECTS(at(slot).state != slot_state::taken);
    return at(slot).rows;
  }

 private:
  enum class slot_state : std::uint8_t {
    open,     // may be acquired
    closing,  // may not, until all its rows are unmapped
    taken,
  };
  struct slot_record {
    epoch when{};
    std::uint32_t rows = 0;
    slot_state state = slot_state::open;
  };

  [[nodiscard]] slot_record& at(std::uint32_t slot) noexcept {
    KVFOLIO_EXPECTS(slot < slots_);
    return records_[slot];
  }
  [[nodiscard]] const slot_record& at(std::uint32_t slot) const noexcept {
    KVFOLIO_EXPECTS(slot < slots_);
    return records_[slot];
  }
  [[nodiscard]] static std::uint32_t index(page_id slot) noexcept {
    return static_cast<std::uint32_t>(slot);
  }

  void enter(std::uint32_t slot, std::uint32_t rows) noexcept {
    at(slot).rows = rows;
    fewest_first_.insert(std::size_t{rows} * slots_ + slot);
    most_first_.insert(std::size_t{rows_per_slot_ - rows} * slots_ + slot);
  }
  void leave(std::uint32_t slot, bool taken = true) noexcept {
    const auto rows = at(slot).rows;
    fewest_first_.erase(std::size_t{rows} * slots_ + slot);
    most_first_.erase(std::size_t{rows_per_slot_ - rows} * slots_ + slot);
    if (!taken) return;
    retired_rows_ -= rows;
    if (rows != 0) retired_.erase(to_page(slot));
  }

  std::uint32_t slots_;
  std::uint32_t rows_per_slot_;
  bitmap fewest_first_;  // open slots, by rows and number
  bitmap most_first_;    // likewise
  index_list retired_;   // slots with rows that nobody uses, the first to retire first
  std::vector<slot_record> records_;
  std::size_t acquirable_ = 0;
  std::size_t closing_ = 0;
  std::size_t retired_rows_ = 0;
};

}  // namespace kvfolio::vm
