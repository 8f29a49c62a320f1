// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <replay/measures.hpp>
#include <replay/trace.hpp>

namespace replay {

/// Counts millions of durations in little room: 32 classes for each doubling (Tene,
/// HdrHistogram), so that a quantile is at most 1/32 too small. The mean is exact.
class duration_histogram {
 public:
  /// Counts `lasted`. O(1). Allocates nothing.
  void add(nanoseconds lasted) noexcept {
    ++counts_[class_of(lasted)];
    ++total_;
    sum_ += static_cast<double>(lasted);
  }

  /// Sums up. Quantiles are the least duration of the class of the nearest rank.
  [[nodiscard]] summary summed_up() const {
    if (total_ == 0) return {};
    return {sum_ / static_cast<double>(total_), rank(50), rank(99), total_};
  }

 private:
  static constexpr int bits = 5;
  static constexpr std::size_t steps = std::size_t{1} << bits;

  // Durations below 32 have a class each; above, the highest six bits tell.
  [[nodiscard]] static constexpr std::size_t class_of(nanoseconds lasted) noexcept {
    const auto shift = std::max(static_cast<int>(std::bit_width(lasted)), bits + 1) - (bits + 1);
    return static_cast<std::size_t>(shift) * steps + static_cast<std::size_t>(lasted >> shift);
  }
  [[nodiscard]] static constexpr nanoseconds least_of(std::size_t index) noexcept {
    if (index < 2 * steps) return index;
    return nanoseconds{index % steps + steps} << (index / steps - 1);
  }

  [[nodiscard]] nanoseconds rank(std::size_t percent) const {
    auto left = (total_ * percent + 99) / 100;
    std::size_t index = 0;
    while (counts_[index] < left) left -= counts_[index++];
    return least_of(index);
  }

  std::vector<std::size_t> counts_ = std::vector<std::size_t>(class_of(UINT64_MAX) + 1);
  std::size_t total_ = 0;
  double sum_ = 0;
};

}  // namespace replay
