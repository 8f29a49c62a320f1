// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <kvfolio/memory/concept.hpp>

namespace kvfolio::memory {

/// Has no bytes: the engine keeps the KV tensors itself, on a device perhaps, and uses a cache for
/// its page ids, tables and copy plans alone. Blocks are empty, whatever their size. Stateless.
class unbacked {
 public:
  static constexpr std::size_t alignment = 1;     ///< of nothing
  static constexpr bool host_accessible = false;  ///< there is nothing to access

  /// Returns an empty block.
  [[nodiscard]] result<std::span<std::byte>> allocate(std::size_t /*bytes*/) noexcept {
    return std::span<std::byte>{};
  }

  /// Does nothing.
  void deallocate(std::span<std::byte> /*block*/) noexcept {}
};

static_assert(memory_source<unbacked> && !host_memory<unbacked>);

}  // namespace kvfolio::memory
