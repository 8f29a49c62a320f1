// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <span>

#include <kvfolio/core/math.hpp>
#include <kvfolio/memory/concept.hpp>

namespace kvfolio::memory {

/// Any source of bytes as an allocator of standard containers, without the virtual calls of
/// `memory::resource`. The source must outlive the containers; as thread-safe as it is.
template <class T, host_memory Source>
class allocator {
 public:
  using value_type = T;  ///< what a container holds

  /// Takes bytes from `source`.
  explicit allocator(Source& source) noexcept : source_{&source} {}
  /// Takes bytes from where `other` does.
  template <class U>
  allocator(const allocator<U, Source>& other) noexcept  // NOLINT(google-explicit-constructor)
      : source_{&other.source()} {}

  /// Returns room for `count` objects. \throws std::bad_alloc if the source has none
  /// \throws std::length_error if their bytes cannot be counted
  [[nodiscard]] T* allocate(std::size_t count) {
    static_assert(alignof(T) <= Source::alignment, "a source with a greater alignment");
    const auto block = source_->allocate(checked_mul(count, sizeof(T)));
    if (!block) throw std::bad_alloc{};
    return reinterpret_cast<T*>(block->data());
  }

  /// Gives back what `allocate(count)` returned.
  void deallocate(T* first, std::size_t count) noexcept {
    source_->deallocate(std::as_writable_bytes(std::span{first, count}));
  }

  /// Where the bytes come from.
  [[nodiscard]] Source& source() const noexcept { return *source_; }

  /// May one give back what the other took?
  template <class U>
  friend bool operator==(const allocator& one, const allocator<U, Source>& other) noexcept {
    return &one.source() == &other.source();
  }

 private:
  Source* source_;
};

}  // namespace kvfolio::memory
