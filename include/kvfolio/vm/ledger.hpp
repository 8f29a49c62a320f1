// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/vm/concept.hpp>
#include <kvfolio/vm/memory_records.hpp>
#include <kvfolio/vm/zeroed_array.hpp>

namespace kvfolio::vm {

/// The books of a backend: what is reserved, what memory exists, what is mapped where. It knows no
/// system call, and asks in its preconditions what the laws of `vm_backend` ask.
///
/// A granule of addresses costs 4 bytes, once it is used. A range is found in O(log ranges); what
/// is done to mappings costs O(their granules), everything else is O(1).
class ledger {
 public:
  /// For at most `max_memory` pieces of memory, in multiples of `granule` bytes, a power of two.
  /// \throws std::bad_alloc
  ledger(std::size_t granule, std::size_t max_memory) : granule_{granule}, memory_{max_memory} {
    KVFOLIO_EXPECTS(granule > 0 && (granule & (granule - 1)) == 0);
  }

  /// Takes what there is, and leaves nothing.
  ledger(ledger&& other) noexcept
      : granule_{other.granule_},
        ranges_{std::move(other.ranges_)},
        memory_{std::move(other.memory_)},
        reserved_bytes_{std::exchange(other.reserved_bytes_, 0)},
        pieces_{std::exchange(other.pieces_, 0)} {}
  /// Exchanges what there is.
  ledger& operator=(ledger&& other) noexcept {
    std::swap(granule_, other.granule_);
    std::swap(ranges_, other.ranges_);
    memory_ = std::move(other.memory_);  // which exchanges
    std::swap(reserved_bytes_, other.reserved_bytes_);
    std::swap(pieces_, other.pieces_);
    return *this;
  }
  ledger(const ledger&) = delete;
  ledger& operator=(const ledger&) = delete;
  ~ledger() = default;

  /// Bytes of which every size and address is a multiple.
  [[nodiscard]] std::size_t granule() const noexcept { return granule_; }
  /// Is `number` a multiple of `granule()`?
  [[nodiscard]] bool is_whole(std::size_t number) const noexcept { return number % granule_ == 0; }
  /// The memory there is.
  [[nodiscard]] const memory_records& memory() const noexcept { return memory_; }
  /// \overload
  [[nodiscard]] memory_records& memory() noexcept { return memory_; }
  /// Bytes in ranges.
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return reserved_bytes_; }
  /// How many pieces a kernel makes of all ranges, at most: mappings, and gaps between them.
  [[nodiscard]] std::size_t pieces() const noexcept { return pieces_; }

  /// Notes that `range` is reserved, and returns whether there was memory to do so.
  [[nodiscard]] bool add_range(address_range range) noexcept {
    KVFOLIO_EXPECTS(range.bytes > 0 && is_whole(range.bytes) && is_whole(range.first));
    reserved one{range, zeroed_array<slot>{range.bytes / granule_}, 0};
    if (one.slots.size() == 0) return false;
    try {
      ranges_.insert(after(range.first), std::move(one));
    } catch (const std::bad_alloc&) {
      return false;
    }
    reserved_bytes_ += range.bytes;
    ++pieces_;
    return true;
  }

  /// Is `range` one, and nothing mapped there?
  [[nodiscard]] bool is_free_range(address_range range) const noexcept {
    const auto* const found = range_of(range.first);
    return found != nullptr && found->range == range && found->mappings == 0;
  }

  /// Forgets `range`. Precondition: `is_free_range(range)`.
  void remove_range(address_range range) noexcept {
    KVFOLIO_EXPECTS(is_free_range(range));
    reserved_bytes_ -= range.bytes;
    --pieces_;
    ranges_.erase(after(range.first) - 1);
  }

  /// Calls `visit(range)` for each, by address.
  template <class Visit>
  void for_each_range(Visit visit) const {
    for (const auto& each : ranges_) visit(each.range);
  }

  /// May `memory` be mapped at `at`: does all of it lie in one range, where nothing is?
  /// O(granules).
  [[nodiscard]] bool is_mappable(std::uintptr_t at, memory_id memory) const noexcept {
    return memory_.is_named(memory) && is_whole(at) && is_reserved(at, memory_.bytes(memory)) &&
           is_unmapped(at, memory_.bytes(memory));
  }

  /// Is `[at, at + bytes)` what one mapping or several cover, to the byte? O(mappings).
  [[nodiscard]] bool is_mapped(std::uintptr_t at, std::size_t bytes) const noexcept {
    if (bytes == 0 || !is_whole(at) || !is_reserved(at, bytes)) return false;
    const auto& within = *range_of(at);
    const auto end = index_in(within, at + bytes);
    auto i = index_in(within, at);
    while (i < end && within.slots[i].starts()) i += granules(within.slots[i]);
    return i == end;
  }

  /// How long the mapping is that begins at `at`, in bytes. Precondition: one does.
  [[nodiscard]] std::size_t mapping_at(std::uintptr_t at) const noexcept {
    const auto one = range_of(at)->slots[index_in(*range_of(at), at)];
    return KVFOLIO_EXPECTS(one.starts()), memory_.bytes(one.memory());
  }

  /// What `pieces()` would be with something mapped at `[at, at + bytes)`.
  [[nodiscard]] std::size_t pieces_after_map(std::uintptr_t at, std::size_t bytes) const noexcept {
    return pieces_ + gaps_beside(at, bytes);
  }

  /// Notes that `memory` is mapped at `at`. Precondition: `is_mappable(at, memory)`.
  void map(std::uintptr_t at, memory_id memory, access allowed) noexcept {
    KVFOLIO_EXPECTS(is_mappable(at, memory));
    auto& within = *range_of(at);
    pieces_ = pieces_after_map(at, memory_.bytes(memory));
    auto i = index_in(within, at);
    const auto end = i + memory_.bytes(memory) / granule_;
    for (within.slots[i++] = {memory, allowed}; i < end; ++i) within.slots[i] = slot::inside();
    memory_.add_mapping(memory);
    ++within.mappings;
  }

  /// Notes what may be done in whole mappings. Precondition: `is_mapped(at, bytes)`.
  void set_access(std::uintptr_t at, std::size_t bytes, access allowed) noexcept {
    KVFOLIO_EXPECTS(is_mapped(at, bytes));
    auto& within = *range_of(at);
    const auto end = index_in(within, at + bytes);
    for (auto i = index_in(within, at); i < end; i += granules(within.slots[i])) {
      within.slots[i].allow(allowed);
    }
  }

  /// Calls `visit(at, memory, access)` for each mapping in `[at, at + bytes)`, by address.
  /// Precondition: `is_mapped(at, bytes)`.
  template <class Visit>
  void for_each_mapping(std::uintptr_t at, std::size_t bytes, Visit visit) const {
    KVFOLIO_EXPECTS(is_mapped(at, bytes));
    const auto& within = *range_of(at);
    for (const auto end = at + bytes; at < end;) {
      const auto one = within.slots[index_in(within, at)];
      visit(at, one.memory(), one.allowed());
      at += granules(one) * granule_;
    }
  }

  /// Calls `visit(at, memory)` for each mapping there is. O(granules reserved).
  template <class Visit>
  void for_each_mapping(Visit visit) const {
    for (const auto& within : ranges_) {
      for (std::size_t i = 0; within.mappings > 0 && i < within.slots.size(); ++i) {
        const auto one = within.slots[i];
        if (one.starts()) visit(within.range.first + i * granule_, one.memory());
      }
    }
  }

  /// Notes that nothing is mapped there any more. Calls `gone(where, bytes)` for memory that nobody
  /// names and nothing maps. Precondition: `is_mapped(at, bytes)`.
  template <class Gone>
  void unmap(std::uintptr_t at, std::size_t bytes, Gone gone) noexcept {
    KVFOLIO_EXPECTS(is_mapped(at, bytes));
    auto& within = *range_of(at);
    const auto end = index_in(within, at + bytes);
    std::size_t mappings = 0;
    for (auto i = index_in(within, at); i < end; ++mappings) {
      const auto memory = within.slots[i].memory();
      const auto behind = i + granules(within.slots[i]);
      while (i < behind) within.slots[i++] = slot{};
      memory_.remove_mapping(memory, gone);
    }
    within.mappings -= mappings;
    pieces_ = pieces_ + 1 - mappings - gaps_beside(at, bytes);
  }

 private:
  // Of one granule of addresses: what is mapped there, and what may be done with it if that begins
  // here. Nothing is zero.
  class slot {
   public:
    slot() noexcept = default;
    slot(memory_id memory, access allowed) noexcept
        : bits_{static_cast<std::uint32_t>(memory) << 2U | static_cast<std::uint32_t>(allowed)} {}
    [[nodiscard]] static slot inside() noexcept {
      return {memory_id{memory_records::max_size + 1}, access::none};
    }
    [[nodiscard]] memory_id memory() const noexcept { return memory_id{bits_ >> 2U}; }
    [[nodiscard]] access allowed() const noexcept { return static_cast<access>(bits_ & 3U); }
    [[nodiscard]] bool starts() const noexcept { return bits_ != 0 && *this != inside(); }
    void allow(access allowed) noexcept { *this = {memory(), allowed}; }
    friend bool operator==(const slot&, const slot&) = default;

   private:
    std::uint32_t bits_;
  };

  struct reserved {
    address_range range;
    zeroed_array<slot> slots;
    std::size_t mappings;
  };

  // The first range that begins behind `at`.
  [[nodiscard]] std::vector<reserved>::const_iterator after(std::uintptr_t at) const noexcept {
    return std::upper_bound(ranges_.begin(), ranges_.end(), at, [](auto address, const auto& one) {
      return address < one.range.first;
    });
  }
  [[nodiscard]] const reserved* range_of(std::uintptr_t at) const noexcept {
    const auto behind = after(at);
    if (behind == ranges_.begin() || !(behind - 1)->range.contains(at, 1)) return nullptr;
    return &*(behind - 1);
  }
  [[nodiscard]] reserved* range_of(std::uintptr_t at) noexcept {
    return const_cast<reserved*>(std::as_const(*this).range_of(at));
  }
  [[nodiscard]] bool is_reserved(std::uintptr_t at, std::size_t bytes) const noexcept {
    const auto* const within = range_of(at);
    return within != nullptr && within->range.contains(at, bytes);
  }
  [[nodiscard]] std::size_t index_in(const reserved& one, std::uintptr_t at) const noexcept {
    return (at - one.range.first) / granule_;
  }
  [[nodiscard]] std::size_t granules(slot one) const noexcept {
    return memory_.bytes(one.memory()) / granule_;
  }

  [[nodiscard]] bool is_unmapped(std::uintptr_t at, std::size_t bytes) const noexcept {
    const auto& within = *range_of(at);
    for (auto i = index_in(within, at); i < index_in(within, at + bytes); ++i) {
      if (within.slots[i] != slot{}) return false;
    }
    return true;
  }

  // On how many sides of `[at, at + bytes)` nothing is mapped.
  [[nodiscard]] std::size_t gaps_beside(std::uintptr_t at, std::size_t bytes) const noexcept {
    const auto& within = *range_of(at);
    const auto first = index_in(within, at);
    const auto behind = index_in(within, at + bytes);
    std::size_t gaps = 0;
    if (first > 0 && within.slots[first - 1] == slot{}) ++gaps;
    if (behind < within.slots.size() && within.slots[behind] == slot{}) ++gaps;
    return gaps;
  }

  std::size_t granule_;
  std::vector<reserved> ranges_;  // by address
  memory_records memory_;
  std::size_t reserved_bytes_ = 0;
  std::size_t pieces_ = 0;
};

}  // namespace kvfolio::vm
