// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <kvfolio/memory/concept.hpp>

namespace kvfolio::memory {

/// Hands out at most a given number of bytes at a time; what goes beyond fails as if `Source` had
/// failed, and leaves no trace. As thread-safe as no lock makes it: one owner thread.
template <memory_source Source>
class limiting {
 public:
  static constexpr std::size_t alignment = Source::alignment;       ///< of every block, in bytes
  static constexpr bool host_accessible = Source::host_accessible;  ///< as `Source`

  /// Allows `limit` bytes at a time. \throws whatever moving `source` throws
  explicit limiting(std::size_t limit, Source source = Source{})
      : source_{std::move(source)}, remaining_{limit} {}

  /// Returns a block of `bytes` bytes, or `errc::out_of_memory`.
  [[nodiscard]] result<std::span<std::byte>> allocate(std::size_t bytes) noexcept {
    if (bytes > remaining_) return errc::out_of_memory;
    auto block = source_.allocate(bytes);
    if (block) remaining_ -= block->size();
    return block;
  }

  /// Gives `block` back, and its bytes may be handed out again.
  void deallocate(std::span<std::byte> block) noexcept {
    remaining_ += block.size();
    source_.deallocate(block);
  }

  /// Bytes that may still be handed out.
  [[nodiscard]] std::size_t remaining() const noexcept { return remaining_; }

 private:
  [[no_unique_address]] Source source_;
  std::size_t remaining_;
};

}  // namespace kvfolio::memory
