// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

namespace kvfolio::tier {

/// A number with a unit, so that seconds are compared with seconds only. Bytes and tokens are
/// integers, as everywhere.
template <class Unit>
class quantity {
 public:
  /// 0.
  constexpr quantity() noexcept = default;
  /// So many of the unit.
  explicit constexpr quantity(double value) noexcept : value_{value} {}

  /// In the unit.
  [[nodiscard]] constexpr double value() const noexcept { return value_; }

  /// Sum of equal units, and difference.
  friend constexpr quantity operator+(quantity a, quantity b) noexcept {
    return quantity{a.value_ + b.value_};
  }
  /// \overload
  friend constexpr quantity operator-(quantity a, quantity b) noexcept {
    return quantity{a.value_ - b.value_};
  }
  /// Adds.
  constexpr quantity& operator+=(quantity more) noexcept { return *this = *this + more; }
  /// Multiple.
  friend constexpr quantity operator*(double times, quantity a) noexcept {
    return quantity{times * a.value_};
  }
  /// Part.
  friend constexpr quantity operator/(quantity a, double parts) noexcept {
    return quantity{a.value_ / parts};
  }
  /// Ratio of equal units.
  friend constexpr double operator/(quantity a, quantity b) noexcept { return a.value_ / b.value_; }
  /// By value.
  friend constexpr auto operator<=>(quantity, quantity) noexcept = default;

 private:
  double value_ = 0;
};

using seconds = quantity<struct second>;             ///< time
using flop_count = quantity<struct flop>;            ///< floating-point ones
using flop_rate = quantity<struct flop_per_second>;  ///< of a processor
using byte_rate = quantity<struct byte_per_second>;  ///< of a link or memory

/// Time for so much work.
[[nodiscard]] constexpr seconds operator/(flop_count work, flop_rate rate) noexcept {
  return seconds{work.value() / rate.value()};
}
/// Time for so many bytes.
[[nodiscard]] constexpr seconds operator/(std::uint64_t bytes, byte_rate rate) noexcept {
  return seconds{static_cast<double>(bytes) / rate.value()};
}
/// Rate at which bytes take that long.
[[nodiscard]] constexpr byte_rate operator/(std::uint64_t bytes, seconds time) noexcept {
  return byte_rate{static_cast<double>(bytes) / time.value()};
}

/// Returns a rate in GB/s, 10^9 bytes, as links are sold.
[[nodiscard]] constexpr byte_rate gigabytes_per_second(double value) noexcept {
  return byte_rate{value * 1e9};
}
/// Returns a rate in TFLOPS, 10^12 operations a second, as processors are sold.
[[nodiscard]] constexpr flop_rate teraflops(double value) noexcept {
  return flop_rate{value * 1e12};
}

}  // namespace kvfolio::tier
