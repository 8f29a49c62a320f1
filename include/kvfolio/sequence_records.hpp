// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/retention_hint.hpp>
#include <kvfolio/core/retention_range.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/eviction/page_access.hpp>
#include <kvfolio/prefix/concept.hpp>

namespace kvfolio {

/// What a cache knows of one sequence, beside its pages.
struct alignas(64) sequence_record {
  std::size_t length = 0;                     ///< tokens that have storage
  std::size_t committed = 0;                  ///< leading tokens that are complete
  prefix_realm realm{};                       ///< where its pages are found, and find others
  std::uint64_t request = 0;                  ///< number of the request that it began with
  session_id session{};                       ///< of that request
  retention_hint retention{};                 ///< of that request
  std::span<const retention_range> ranges{};  ///< likewise
  std::size_t compute_end = 0;         ///< where what must be run again after preemption ends
  std::size_t reserved_tokens = 0;     ///< that a reservation will append
  std::uint32_t prompt_pages = 0;      ///< full pages of that request's prompt
  std::uint32_t hit_pages = 0;         ///< of those, found
  std::uint32_t next_reserved = none;  ///< row of the next sequence of that reservation
  bool reserved = false;               ///< is there one?
  bool alive = false;                  ///< does anybody hold the sequence?

  static constexpr std::uint32_t none = UINT32_MAX;  ///< no row

  /// What eviction policies hear of its pages at the time `now`.
  [[nodiscard]] page_access access(std::uint64_t now) const noexcept {
    return {.request = request, .now = now, .hint = retention, .session = session};
  }
};

/// The records of all sequences of a cache, by row. O(1), and nothing is allocated but by the
/// constructor. One owner thread.
class sequence_records {
 public:
  /// Makes `rows` free ones, of which the lowest is taken first. \throws std::bad_alloc
  explicit sequence_records(std::uint32_t rows) : records_(rows), free_(rows), free_size_{rows} {
    for (std::uint32_t i = 0; i < rows; ++i) free_[i] = rows - 1 - i;
  }

  /// Number of rows.
  [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }
  /// Are all taken?
  [[nodiscard]] bool full() const noexcept { return free_size_ == 0; }
  /// Is none taken?
  [[nodiscard]] bool unused() const noexcept { return free_size_ == records_.size(); }
  /// The free rows, the next one last.
  [[nodiscard]] std::span<const std::uint32_t> free() const noexcept {
    return {free_.data(), free_size_};
  }

  /// The record of `row`. Precondition: `row < size()`.
  [[nodiscard]] sequence_record& operator[](std::size_t row) noexcept {
    KVFOLIO_EXPECTS(row < records_.size());
    return records_[row];
  }
  /// \overload
  [[nodiscard]] const sequence_record& operator[](std::size_t row) const noexcept {
    KVFOLIO_EXPECTS(row < records_.size());
    return records_[row];
  }

  /// Calls `visit(row)` for every row that somebody holds, in ascending order. O(rows).
  template <class Visit>
  void for_each_alive(Visit visit) const {
    for (std::size_t row = 0; row < records_.size(); ++row) {
      if (records_[row].alive) visit(row);
    }
  }

  /// Takes a free row; its record is as it was left. Precondition: `!full()`.
  [[nodiscard]] std::uint32_t take() noexcept {
    KVFOLIO_EXPECTS(!full());
    return free_[--free_size_];
  }
  /// Gives `row` back. Precondition: it is taken.
  void put(std::uint32_t row) noexcept {
    KVFOLIO_EXPECTS(free_size_ < records_.size());
    free_[free_size_++] = row;
  }

 private:
  std::vector<sequence_record> records_;
  std::vector<std::uint32_t> free_;
  std::size_t free_size_;  // of them, from the front on
};

}  // namespace kvfolio
