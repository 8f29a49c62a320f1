// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/vm/concept.hpp>

namespace kvfolio::vm {

/// Addresses for one tensor of a cache: as many for each *slot*, the place of one sequence, as its
/// longest sequence needs. They cost nothing until something is mapped.
///
/// What is mapped where is known to `row_map`, once for all tensors. Moving leaves an empty one
/// behind. The backend outlives it.
template <vm_backend B>
class virtual_tensor {
 public:
  /// Reserves `bytes_per_slot` addresses for each of `slots` sequences; the first is a multiple of
  /// `alignment`. Precondition: as for `reserve`.
  /// \throws bad_result if there are not as many
  /// \throws std::length_error if they cannot be counted
  virtual_tensor(B& backend, std::uint32_t slots, std::size_t bytes_per_slot, std::size_t alignment)
      : backend_{&backend},
        range_{backend.reserve(checked_mul(slots, bytes_per_slot), alignment).value()},
        bytes_per_slot_{bytes_per_slot} {}

  /// Takes the addresses of `other`.
  virtual_tensor(virtual_tensor&& other) noexcept
      : backend_{other.backend_},
        range_{std::exchange(other.range_, {})},
        bytes_per_slot_{other.bytes_per_slot_} {}
  /// Takes the addresses of `other`, and gives it its own.
  virtual_tensor& operator=(virtual_tensor&& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(range_, other.range_);
    std::swap(bytes_per_slot_, other.bytes_per_slot_);
    return *this;
  }
  virtual_tensor(const virtual_tensor&) = delete;
  virtual_tensor& operator=(const virtual_tensor&) = delete;
  /// Precondition: nothing is mapped there.
  ~virtual_tensor() {
    if (range_.bytes != 0) (void)backend_->free_range(range_);
  }

  /// All its addresses.
  [[nodiscard]] address_range range() const noexcept { return range_; }
  /// Addresses of a slot.
  [[nodiscard]] std::size_t bytes_per_slot() const noexcept { return bytes_per_slot_; }
  /// The first address of `slot`. Precondition: there is such a slot.
  [[nodiscard]] std::uintptr_t address(std::uint32_t slot) const noexcept {
    KVFOLIO_EXPECTS(slot < range_.bytes / bytes_per_slot_);
    return range_.first + slot * bytes_per_slot_;
  }

 private:
  B* backend_;
  address_range range_;
  std::size_t bytes_per_slot_;
};

}  // namespace kvfolio::vm
