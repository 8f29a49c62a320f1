// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <kvfolio/memory/concept.hpp>

namespace kvfolio::memory {

/// What went through a `memory::statistics`.
struct usage {
  std::size_t bytes = 0;          ///< handed out now
  std::size_t peak_bytes = 0;     ///< the most that were handed out at a time
  std::uint64_t allocations = 0;  ///< successful, of blocks that are not empty
  std::uint64_t failures = 0;     ///< `allocate` returned an error

  /// Equal in every count.
  friend bool operator==(const usage&, const usage&) = default;
};

/// Counts what is taken from `Source` and given back. One owner thread.
template <memory_source Source>
class statistics {
 public:
  static constexpr std::size_t alignment = Source::alignment;       ///< of every block, in bytes
  static constexpr bool host_accessible = Source::host_accessible;  ///< as `Source`

  /// Counts from zero. \throws whatever moving `source` throws
  explicit statistics(Source source = Source{}) : source_{std::move(source)} {}

  /// Returns a block of `bytes` bytes, or the error of `Source`.
  [[nodiscard]] result<std::span<std::byte>> allocate(std::size_t bytes) noexcept {
    auto block = source_.allocate(bytes);
    if (!block) {
      ++usage_.failures;
      return block;
    }
    usage_.allocations += block->empty() ? 0 : 1;
    usage_.bytes += block->size();
    usage_.peak_bytes = std::max(usage_.peak_bytes, usage_.bytes);
    return block;
  }

  /// Gives `block` back.
  void deallocate(std::span<std::byte> block) noexcept {
    usage_.bytes -= block.size();
    source_.deallocate(block);
  }

  /// What went through so far.
  [[nodiscard]] const usage& used() const noexcept { return usage_; }

 private:
  [[no_unique_address]] Source source_;
  usage usage_;
};

}  // namespace kvfolio::memory
