// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include <kvfolio/core/config.hpp>

namespace kvfolio::vm {

/// A fixed number of elements that begin as zero bytes. Those of a large array take no memory until
/// they are written, so that one may be indexed by everything that could ever be there.
///
/// Running out of memory leaves an empty array, and so does moving from it.
template <class T>
requires std::is_trivially_copyable_v<T>
class zeroed_array {
 public:
  /// No elements.
  zeroed_array() noexcept = default;
  /// `size` zero elements, or none if there is no memory for them.
  explicit zeroed_array(std::size_t size) noexcept
      : elements_{static_cast<T*>(std::calloc(size, sizeof(T)))},  // NOLINT(*-no-malloc)
        size_{elements_ == nullptr ? 0 : size} {}
  /// Takes the elements of `other`.
  zeroed_array(zeroed_array&& other) noexcept
      : elements_{std::exchange(other.elements_, nullptr)}, size_{std::exchange(other.size_, 0)} {}
  /// Takes the elements of `other`, which gets those that were here.
  zeroed_array& operator=(zeroed_array&& other) noexcept {
    std::swap(elements_, other.elements_);
    std::swap(size_, other.size_);
    return *this;
  }
  zeroed_array(const zeroed_array&) = delete;
  zeroed_array& operator=(const zeroed_array&) = delete;
  ~zeroed_array() { std::free(elements_); }  // NOLINT(*-no-malloc)

  /// Number of elements.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The element at `index`. Precondition: `index < size()`.
  [[nodiscard]] T& operator[](std::size_t index) noexcept {
    KVFOLIO_EXPECTS(index < size_);
    return elements_[index];
  }
  /// \overload
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept {
    KVFOLIO_EXPECTS(index < size_);
    return elements_[index];
  }

 private:
  T* elements_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace kvfolio::vm
