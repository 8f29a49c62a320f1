// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory_resource>
#include <new>
#include <span>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/memory/concept.hpp>

namespace kvfolio::memory {

/// Any source of bytes as a `std::pmr::memory_resource`, for the containers of `std::pmr`.
///
/// Not in `kvfolio.hpp`, because `<memory_resource>` takes long to compile. As thread-safe as
/// `Source`; neither moves nor copies, because containers point to it.
template <host_memory Source>
class resource : public std::pmr::memory_resource {
 public:
  /// Takes bytes from `source`. \throws whatever moving `source` throws
  explicit resource(Source source = Source{}) : source_{std::move(source)} {}

  resource(const resource&) = delete;
  resource& operator=(const resource&) = delete;

  /// The source, for its statistics.
  [[nodiscard]] const Source& source() const noexcept { return source_; }

 private:
  // A block is never empty, because every block must have an address of its own.
  [[nodiscard]] static std::size_t size_of(std::size_t bytes) noexcept {
    return bytes + (bytes == 0 ? 1 : 0);
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (alignment > Source::alignment) throw std::bad_alloc{};
    const auto block = source_.allocate(size_of(bytes));
    if (!block) throw std::bad_alloc{};
    return block->data();
  }

  void do_deallocate(void* first, std::size_t bytes, std::size_t /*alignment*/) override {
    source_.deallocate(std::span{static_cast<std::byte*>(first), size_of(bytes)});
  }

  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  [[no_unique_address]] Source source_;
};

}  // namespace kvfolio::memory
