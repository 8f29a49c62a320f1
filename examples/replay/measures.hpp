// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <replay/trace.hpp>

namespace replay {

/// What the instruments show at a moment, or on average.
struct gauges {
  double pages = 0;         ///< that some sequence uses
  double cached = 0;        ///< pages that nobody uses, which could be found
  double waste_tokens = 0;  ///< of their token positions, those past the end of a sequence
  double sequences = 0;     ///< that run: the batch
  double waiting = 0;       ///< requests that have arrived and do not run
  double hit_rate = 0;      ///< share of the prompts' tokens that was found, so far

  /// Adds `other`, `weight` times.
  void add(const gauges& other, double weight) {
    pages += other.pages * weight;
    cached += other.cached * weight;
    waste_tokens += other.waste_tokens * weight;
    sequences += other.sequences * weight;
    waiting += other.waiting * weight;
    hit_rate += other.hit_rate * weight;
  }
  /// Keeps the greater of each.
  void keep_peaks(const gauges& other) {
    pages = std::max(pages, other.pages);
    cached = std::max(cached, other.cached);
    waste_tokens = std::max(waste_tokens, other.waste_tokens);
    sequences = std::max(sequences, other.sequences);
    waiting = std::max(waiting, other.waiting);
    hit_rate = std::max(hit_rate, other.hit_rate);
  }
  /// Equal in every gauge.
  friend bool operator==(const gauges&, const gauges&) = default;
};

/// Averages over stretches of the clock that are equally long, and few enough for a chart: when
/// there are more, neighbours are merged.
class timeline {
 public:
  /// For `lasted`, the gauges showed `seen`.
  void add(nanoseconds lasted, const gauges& seen) {
    while ((end_ + lasted) / width_ >= most) widen();
    while (lasted > 0) {
      const auto index = static_cast<std::size_t>(end_ / width_);
      if (index >= sums_.size()) sums_.resize(index + 1);
      const auto part = std::min(lasted, (index + 1) * width_ - end_);
      sums_[index].add(seen, static_cast<double>(part));
      end_ += part;
      lasted -= part;
    }
  }

  /// Makes stretches at least as long as `width`, if that is another timeline's.
  void widen_to(nanoseconds width) {
    while (width_ < width) widen();
  }

  /// Length of a stretch; the last one may be shorter.
  [[nodiscard]] nanoseconds width() const { return width_; }

  /// Returns the average of each stretch, from time 0 on.
  [[nodiscard]] std::vector<gauges> averages() const {
    std::vector<gauges> all(sums_.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto length = std::min(width_, end_ - i * width_);
      all[i].add(sums_[i], 1 / static_cast<double>(length));
    }
    return all;
  }

 private:
  static constexpr std::size_t most = 600;

  void widen() {
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const auto sum = std::exchange(sums_[i], {});
      sums_[i / 2].add(sum, 1);
    }
    sums_.resize((sums_.size() + 1) / 2);
    width_ *= 2;
  }

  std::vector<gauges> sums_;  // gauge times nanosecond
  nanoseconds width_ = 1'000'000;
  nanoseconds end_ = 0;
};

/// What is usually said of many durations. All 0 if there are none.
struct summary {
  double mean = 0;            ///< in nanoseconds
  nanoseconds p50 = 0;        ///< half of them are not longer (nearest rank)
  nanoseconds p99 = 0;        ///< 99 of 100 are not longer (nearest rank)
  std::size_t durations = 0;  ///< how many there are
};

/// Sums `durations` up.
[[nodiscard]] inline summary summarize(std::vector<nanoseconds> durations) {
  if (durations.empty()) return {};
  std::sort(durations.begin(), durations.end());
  double sum = 0;
  for (const auto each : durations) sum += static_cast<double>(each);
  const auto rank = [&](std::size_t percent) {
    return durations[(durations.size() * percent + 99) / 100 - 1];
  };
  return {sum / static_cast<double>(durations.size()), rank(50), rank(99), durations.size()};
}

}  // namespace replay
