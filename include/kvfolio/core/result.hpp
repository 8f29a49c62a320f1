// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <kvfolio/core/config.hpp>

namespace kvfolio {

/// Why an operation could not be carried out. Every code of the library is here, so that a caller
/// can switch over them all; each is normal in a loaded server and leaves nothing changed.
enum class errc : std::uint8_t {
  out_of_pages = 1,    ///< too many pages are pinned; retry later or preempt a sequence
  out_of_memory,       ///< a memory source has not that many bytes left
  out_of_range,        ///< a token position is not one that the operation may touch
  too_large,           ///< the request needs more pages than there are; it can never succeed
  too_many_sequences,  ///< `max_sequences` or `max_tokens` would be exceeded
  buffer_too_small,    ///< the caller's buffer cannot hold the output; the call says how much does
  in_use,              ///< sequences are alive that would lose their pages
  in_flight,           ///< a copy of the page has not landed; retry after `complete(ticket)`
  store_full,          ///< a store has no room, nor could it make any
  store_failed,        ///< a store could not write: a full disk, a broken connection
  no_physical,         ///< no physical memory is left to map
  no_mappings,         ///< the system keeps no more mappings; unmap, or map larger pieces
  no_address_space,    ///< no range of addresses is as long as that
  device_failed,       ///< the device or its driver failed; what it holds can only be destroyed
};

/// Returns a static, human-readable text for `error`.
[[nodiscard]] constexpr const char* to_string(errc error) noexcept {
  switch (error) {
    case errc::out_of_pages: return "out of pages";
    case errc::out_of_memory: return "out of memory";
    case errc::out_of_range: return "token position out of range";
    case errc::too_large: return "request larger than the pool";
    case errc::too_many_sequences: return "more sequences or tokens than the cache was made for";
    case errc::buffer_too_small: return "output buffer too small";
    case errc::in_use: return "sequences are still alive";
    case errc::in_flight: return "a copy of the page has not landed yet";
    case errc::store_full: return "no room in the store";
    case errc::store_failed: return "the store cannot write";
    case errc::no_physical: return "out of physical memory";
    case errc::no_mappings: return "out of mappings";
    case errc::no_address_space: return "no range of addresses is that long";
    case errc::device_failed: return "the device or its driver failed";
  }
  return "unknown error";
}

/// Thrown by `result::value()` when there is none.
class bad_result : public std::exception {
 public:
  /// Remembers why there is no value.
  explicit bad_result(errc error) noexcept : error_{error} {}
  /// Returns `to_string(error())`.
  [[nodiscard]] const char* what() const noexcept override { return to_string(error_); }
  /// Returns why there is no value.
  [[nodiscard]] errc error() const noexcept { return error_; }

 private:
  errc error_;
};

/// Holds a `T` or the reason there is none: the part of `std::expected<T, errc>` that we need.
///
/// It stays this type under every `-std`, so that translation units built with different flags
/// agree on its layout. It throws only in `value()`.
template <class T>
class [[nodiscard]] result {
  static_assert(std::is_object_v<T> && !std::same_as<T, errc>, "a value, and not an error code");

 public:
  using value_type = T;     ///< what a success holds
  using error_type = errc;  ///< what a failure holds

  // Both conversions are the point of the type: `return page;` and `return errc::out_of_pages;`.
  // NOLINTBEGIN(google-explicit-constructor)
  /// Success.
  constexpr result(T value) noexcept(std::is_nothrow_move_constructible_v<T>)
      : value_{std::move(value)} {}
  /// Failure. Precondition: `error` is one of the enumerators.
  constexpr result(errc error) noexcept : error_{error} { KVFOLIO_EXPECTS(error != errc{}); }
  // NOLINTEND(google-explicit-constructor)

  /// Is this a success?
  [[nodiscard]] constexpr bool has_value() const noexcept { return value_.has_value(); }
  /// Is this a success?
  constexpr explicit operator bool() const noexcept { return has_value(); }

  /// Unchecked access. Precondition: `has_value()`.
  [[nodiscard]] constexpr T& operator*() & noexcept {
    return KVFOLIO_EXPECTS(has_value()), *value_;
  }
  /// \overload
  [[nodiscard]] constexpr const T& operator*() const& noexcept {
    return KVFOLIO_EXPECTS(has_value()), *value_;
  }
  /// \overload
  [[nodiscard]] constexpr T&& operator*() && noexcept {
    return KVFOLIO_EXPECTS(has_value()), *std::move(value_);
  }
  /// \overload
  [[nodiscard]] constexpr T* operator->() noexcept { return &**this; }
  /// \overload
  [[nodiscard]] constexpr const T* operator->() const noexcept { return &**this; }

  /// Checked access. \throws bad_result unless `has_value()`.
  constexpr T& value() & { return check(), *value_; }
  /// \overload
  constexpr const T& value() const& { return check(), *value_; }
  /// \overload
  /// By value, so that a range-for over a temporary result's value does not dangle.
  constexpr T value() && { return check(), *std::move(value_); }

  /// Returns the reason. Precondition: `!has_value()`.
  [[nodiscard]] constexpr errc error() const noexcept {
    return KVFOLIO_EXPECTS(!has_value()), error_;
  }

 private:
  constexpr void check() const {
    if (!has_value()) throw bad_result{error_};
  }

  std::optional<T> value_;
  errc error_{};
};

/// The outcome of an operation that yields nothing but may fail.
template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;  ///< what a success holds
  using error_type = errc;  ///< what a failure holds

  /// Success.
  constexpr result() noexcept = default;
  /// Failure. Precondition: `error` is one of the enumerators.
  constexpr result(errc error) noexcept  // NOLINT(google-explicit-constructor): as above
      : error_{error} {
    KVFOLIO_EXPECTS(error != errc{});
  }

  /// Is this a success?
  [[nodiscard]] constexpr bool has_value() const noexcept { return error_ == errc{}; }
  /// Is this a success?
  constexpr explicit operator bool() const noexcept { return has_value(); }
  /// Does nothing. \throws bad_result unless `has_value()`.
  constexpr void value() const {
    if (!has_value()) throw bad_result{error_};
  }
  /// Returns the reason. Precondition: `!has_value()`.
  [[nodiscard]] constexpr errc error() const noexcept {
    return KVFOLIO_EXPECTS(!has_value()), error_;
  }

 private:
  errc error_{};
};

}  // namespace kvfolio
