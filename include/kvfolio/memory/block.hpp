// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <utility>

#include <kvfolio/memory/concept.hpp>

namespace kvfolio::memory {

/// Owns one block of a source, and the source. One owner thread; neither moves nor copies, because
/// pointers into it are handed out.
template <memory_source Source>
class block {
 public:
  /// Takes `bytes` bytes from `source`. \throws std::bad_alloc if it has not that many
  block(Source source, std::size_t bytes) : source_{std::move(source)} {
    auto taken = source_.allocate(bytes);
    if (!taken) throw std::bad_alloc{};
    bytes_ = *taken;
  }

  block(const block&) = delete;
  block(block&&) = delete;
  block& operator=(const block&) = delete;
  block& operator=(block&&) = delete;
  ~block() { source_.deallocate(bytes_); }

  /// The bytes. Valid while the block lives.
  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }

  /// The source, for its statistics.
  [[nodiscard]] const Source& source() const noexcept { return source_; }

 private:
  [[no_unique_address]] Source source_;
  std::span<std::byte> bytes_;
};

}  // namespace kvfolio::memory
