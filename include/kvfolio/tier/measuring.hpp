// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/tier/calibration.hpp>

namespace kvfolio::tier {

/// Tells seconds that pass; from when on does not matter. kvfolio reads no clock by itself.
// clang-format off
template <class C>
concept stopwatch = requires(C& now) { { now() } -> std::same_as<seconds>; };
// clang-format on

/// Times `copy(each, copies)`, which is to move `copies` times `each` bytes and to return when they
/// have landed: `rounds` times for each way to cut `total` bytes into pieces, of which the median
/// counts. One round before them is not timed. Pieces that take no time to be seen are left out.
/// Precondition: `rounds > 0`, and no piece is 0 or more than `total`.
template <stopwatch Now, class Copy>
[[nodiscard]] std::vector<timed_transfer> time_copies(Now&& now, Copy&& copy, std::size_t total,
                                                      std::span<const std::size_t> pieces,
                                                      std::size_t rounds = 5) {
  std::vector<timed_transfer> timed;
  std::vector<seconds> times(rounds);
  for (const auto each : pieces) {
    KVFOLIO_EXPECTS(rounds > 0 && each > 0 && each <= total);
    const auto copies = total / each;
    copy(each, copies);
    for (auto& time : times) {
      const auto before = now();
      copy(each, copies);
      time = now() - before;
    }
    const auto median = times.begin() + static_cast<std::ptrdiff_t>(rounds / 2);
    std::ranges::nth_element(times, median);
    if (*median > seconds{}) timed.push_back({copies * each, static_cast<double>(copies), *median});
  }
  return timed;
}

/// Copies in host memory, as between a pool and a store that are both there: pieces that are
/// scattered on one side, and lie in a row on the other.
class scattered_copies {
 public:
  /// Between two buffers of `bytes`, which should exceed the caches. \throws std::bad_alloc
  explicit scattered_copies(std::size_t bytes) : scattered_(bytes, std::byte{1}), row_(bytes) {}

  /// Moves. Precondition: all of it fits the buffers.
  void operator()(std::size_t each, std::size_t copies) noexcept {
    KVFOLIO_EXPECTS(copies == 0 || each <= row_.size() / copies);
    for (std::size_t i = 0; i < copies; ++i) {
      const auto from = i % 2 == 0 ? i / 2 : copies - 1 - i / 2;  // from both ends in turn
      std::memcpy(row_.data() + i * each, scattered_.data() + from * each, each);
    }
  }

  /// What was moved.
  [[nodiscard]] std::span<const std::byte> moved() const noexcept { return row_; }

 private:
  std::vector<std::byte> scattered_;
  std::vector<std::byte> row_;
};

/// Returns the link between a pool and a store that are both in this machine's memory, by moving
/// `total` bytes in pieces of 4 KiB to 2 MiB. Takes about `50 * total` bytes of bandwidth.
/// \throws std::bad_alloc \throws std::invalid_argument if the clock stands still
/// Precondition: `total` is at least 2 MiB.
template <stopwatch Now>
[[nodiscard]] link measure_host_link(Now&& now, std::size_t total = std::size_t{64} << 20U) {
  constexpr std::size_t pieces[] = {std::size_t{4} << 10U, std::size_t{32} << 10U,
                                    std::size_t{256} << 10U, std::size_t{2} << 20U};
  return fit_link(time_copies(now, scattered_copies{total}, total, pieces));
}

}  // namespace kvfolio::tier
