// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include <kvfolio/core/result.hpp>
#include <kvfolio/tier/explanation.hpp>

namespace kvfolio::tier {

namespace detail {

/// Writes text and numbers to a buffer, and remembers whether they fitted.
class short_text {
 public:
  /// Into `buffer`, which outlives it.
  explicit short_text(std::span<char> buffer) noexcept
      : buffer_{buffer}, next_{buffer.data()}, end_{buffer.data() + buffer.size()} {}

  /// Adds words.
  short_text& operator<<(std::string_view text) noexcept {
    if (static_cast<std::size_t>(end_ - next_) < text.size()) fits_ = false;
    if (fits_) next_ = std::ranges::copy(text, next_).out;
    return *this;
  }
  /// Adds a number, in the format of `std::to_chars`.
  template <class Number, class... Format>
  short_text& number(Number value, Format... format) noexcept {
    const auto [end, error] = std::to_chars(next_, end_, value, format...);
    if (error != std::errc{}) fits_ = false;
    if (fits_) next_ = end;
    return *this;
  }
  /// Adds a time in four digits, with a unit in which it is neither tiny nor huge.
  short_text& operator<<(seconds time) noexcept {
    const auto value = time.value();
    if (time == explanation::impossible) return *this << "no room";
    const auto [scale, unit] = value >= 1      ? std::pair{1.0, " s"}
                               : value >= 1e-3 ? std::pair{1e3, " ms"}
                                               : std::pair{1e6, " us"};
    return number(value * scale, std::chars_format::general, 4) << unit;
  }
  /// What was written, or `buffer_too_small`.
  [[nodiscard]] result<std::string_view> text() const noexcept {
    if (!fits_) return errc::buffer_too_small;
    return std::string_view{buffer_.data(), static_cast<std::size_t>(next_ - buffer_.data())};
  }

 private:
  std::span<char> buffer_;
  char* next_;
  char* end_;
  bool fits_ = true;
};

}  // namespace detail

/// Writes `why` to `buffer` as one line for people, and returns it; 160 characters suffice. Nothing
/// is allocated. Fails with `buffer_too_small`.
[[nodiscard]] inline result<std::string_view> describe(const explanation& why,
                                                       std::span<char> buffer) noexcept {
  constexpr std::string_view names[] = {"recompute", "swap", "split"};
  detail::short_text line{buffer};
  line << names[static_cast<std::size_t>(why.best)] << ": recompute " << why.recompute << ", swap "
       << why.swap << ", split " << why.split << " at ";
  line.number(why.split_tokens) << " of ";
  line.number(why.tokens) << " tokens; swap wins above ";
  line.number(why.break_even.value() / 1e9, std::chars_format::general, 3) << " GB/s";
  return line.text();
}

}  // namespace kvfolio::tier
