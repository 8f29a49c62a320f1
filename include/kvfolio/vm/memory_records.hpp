// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/vm/zeroed_array.hpp>

namespace kvfolio::vm {

/// Names physical memory in `memory_records`. The number of memory that is gone is used again.
enum class memory_id : std::uint32_t {};

/// What physical memory exists, and who keeps it: it is gone when nobody names it and nothing maps
/// it. All is O(1); 24 bytes each, once they are used.
class memory_records {
 public:
  static constexpr std::uint32_t max_size = (1U << 30U) - 2;  ///< numbers fit 30 bits

  /// For at most `size` at a time. \throws std::bad_alloc
  explicit memory_records(std::size_t size) : records_{size} {
    KVFOLIO_EXPECTS(size <= max_size);
    if (records_.size() < size) throw std::bad_alloc{};
  }

  /// Takes what there is, and leaves nothing.
  memory_records(memory_records&& other) noexcept
      : records_{std::move(other.records_)},
        bytes_{std::exchange(other.bytes_, 0)},
        used_{std::exchange(other.used_, 0)},
        free_{std::exchange(other.free_, 0)} {}
  /// Exchanges what there is.
  memory_records& operator=(memory_records&& other) noexcept {
    records_ = std::move(other.records_);  // which exchanges
    std::swap(bytes_, other.bytes_);
    std::swap(used_, other.used_);
    std::swap(free_, other.free_);
    return *this;
  }
  memory_records(const memory_records&) = delete;
  memory_records& operator=(const memory_records&) = delete;
  ~memory_records() = default;

  /// Bytes that are named or mapped.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// May there be another one?
  [[nodiscard]] bool has_room() const noexcept { return free_ != 0 || used_ < records_.size(); }

  /// Names `bytes` bytes that the system knows as `where`. Precondition: `has_room()`.
  [[nodiscard]] memory_id add(std::uint64_t where, std::size_t bytes) noexcept {
    KVFOLIO_EXPECTS(has_room() && bytes > 0);
    auto number = free_;
    if (number == 0) {
      number = ++used_;
    } else {
      free_ = static_cast<std::uint32_t>(at(memory_id{number}).where);
    }
    at(memory_id{number}) = {where, bytes, 0, true};
    bytes_ += bytes;
    return memory_id{number};
  }

  /// Does `memory` exist, and was it not released?
  [[nodiscard]] bool is_named(memory_id memory) const noexcept {
    const auto number = static_cast<std::uint32_t>(memory);
    return number > 0 && number <= used_ && at(memory).named;
  }
  /// What the system knows `memory` as.
  [[nodiscard]] std::uint64_t where(memory_id memory) const noexcept { return at(memory).where; }
  /// How long it is.
  [[nodiscard]] std::size_t bytes(memory_id memory) const noexcept { return at(memory).bytes; }

  /// Gives up the name. Calls `gone(where, bytes)` if nothing maps it. Precondition: `is_named`.
  template <class Gone>
  void release(memory_id memory, Gone gone) noexcept {
    KVFOLIO_EXPECTS(is_named(memory));
    at(memory).named = false;
    forget_if_unused(memory, gone);
  }

  /// Notes one mapping more.
  void add_mapping(memory_id memory) noexcept { ++at(memory).mappings; }

  /// Notes one mapping less. Calls `gone(where, bytes)` if it was the last, and nobody names it.
  template <class Gone>
  void remove_mapping(memory_id memory, Gone gone) noexcept {
    KVFOLIO_EXPECTS(at(memory).mappings > 0);
    --at(memory).mappings;
    forget_if_unused(memory, gone);
  }

  /// Calls `visit(where, bytes)` for each that is named. O(the most there ever were).
  template <class Visit>
  void for_each_named(Visit visit) const {
    for (std::uint32_t number = 1; number <= used_; ++number) {
      const auto& one = at(memory_id{number});
      if (one.named) visit(one.where, one.bytes);
    }
  }

 private:
  struct record {
    std::uint64_t where;  // of a free one, the next free one
    std::size_t bytes;
    std::uint32_t mappings;
    bool named;
  };

  [[nodiscard]] record& at(memory_id memory) noexcept {
    return records_[static_cast<std::uint32_t>(memory) - 1];
  }
  [[nodiscard]] const record& at(memory_id memory) const noexcept {
    return records_[static_cast<std::uint32_t>(memory) - 1];
  }

  template <class Gone>
  void forget_if_unused(memory_id memory, Gone gone) noexcept {
    if (at(memory).named || at(memory).mappings > 0) return;
    const auto old = std::exchange(at(memory), {free_, 0, 0, false});
    free_ = static_cast<std::uint32_t>(memory);
    bytes_ -= old.bytes;
    gone(old.where, old.bytes);
  }

  zeroed_array<record> records_;
  std::size_t bytes_ = 0;
  std::uint32_t used_ = 0;  // numbers begin with 1
  std::uint32_t free_ = 0;  // the first of a list
};

}  // namespace kvfolio::vm
