// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <kvfolio/core/config.hpp>

namespace kvfolio {

/// A fixed number of elements without initial values, so that of a large array the operating system
/// provides only what is written: what `std::vector` cannot do, and `<memory>` does at a fifth of a
/// second of compile time. Moving leaves an empty array behind.
template <class T>
requires std::is_trivially_default_constructible_v<T> && std::is_trivially_destructible_v<T>
class raw_array {
 public:
  /// No elements.
  raw_array() noexcept = default;
  /// `size` elements with indeterminate values. \throws std::bad_alloc
  explicit raw_array(std::size_t size) : elements_{new T[size]}, size_{size} {}
  /// Takes the elements of `other`.
  raw_array(raw_array&& other) noexcept
      : elements_{std::exchange(other.elements_, nullptr)}, size_{std::exchange(other.size_, 0)} {}
  /// Takes the elements of `other`, and gives up its own.
  raw_array& operator=(raw_array&& other) noexcept {
    std::swap(elements_, other.elements_);
    std::swap(size_, other.size_);
    return *this;
  }
  raw_array(const raw_array&) = delete;
  raw_array& operator=(const raw_array&) = delete;
  ~raw_array() { delete[] elements_; }

  /// Number of elements.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The first element.
  [[nodiscard]] T* data() noexcept { return elements_; }
  /// \overload
  [[nodiscard]] const T* data() const noexcept { return elements_; }
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

}  // namespace kvfolio
