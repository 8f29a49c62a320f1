// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/memory/concept.hpp>

namespace kvfolio::memory {

/// Takes bytes from `operator new`: the default, portable, and what sanitizers understand best.
/// Stateless, and as thread-safe as the program's `operator new`.
class heap {
 public:
  static constexpr std::size_t alignment = 64;   ///< of every block, in bytes: a cache line
  static constexpr bool host_accessible = true;  ///< the host may use the bytes

  /// Returns `bytes` uninitialised bytes, or `errc::out_of_memory`.
  [[nodiscard]] result<std::span<std::byte>> allocate(std::size_t bytes) noexcept {
    if (bytes == 0) return std::span<std::byte>{};
    auto* const first = ::operator new (bytes, std::align_val_t{alignment}, std::nothrow);
    if (first == nullptr) return errc::out_of_memory;
    return std::span{static_cast<std::byte*>(first), bytes};
  }

  /// Gives `block` back. Precondition: `block` came from `allocate`.
  void deallocate(std::span<std::byte> block) noexcept {
    if (!block.empty()) ::operator delete (block.data(), std::align_val_t{alignment});
  }
};

static_assert(host_memory<heap>);

}  // namespace kvfolio::memory
