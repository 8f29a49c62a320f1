// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/partition/collective.hpp>

namespace kvfolio::partition {

/// A device as the roofline sees it (Williams, Waterman, Patterson, CACM 52, 2009).
struct device {
  std::string name{};        ///< for people
  std::uint64_t memory = 0;  ///< bytes that may be used
  double flops = 0;          ///< operations a second that are really reached
  double bandwidth = 0;      ///< bytes a second between memory and processor
  /// Equal in every member.
  friend bool operator==(const device&, const device&) = default;
};

/// What lies between two devices.
struct link {
  double bandwidth = 0;  ///< bytes a second, one way
  double latency = 0;    ///< seconds for each message
  /// Equal in both members.
  friend constexpr bool operator==(const link&, const link&) = default;

  /// Seconds for `bytes` in `messages` messages.
  [[nodiscard]] constexpr double seconds(double bytes, double messages = 1) const noexcept {
    return messages * latency + bytes / bandwidth;
  }
  /// Seconds for all of `work` that one pass has, by rings over links like this.
  [[nodiscard]] constexpr double seconds(const collective& work) const noexcept {
    return work.times * seconds(static_cast<double>(work.bytes_sent()), work.steps());
  }
};

/// Devices, and links between every two of them.
class cluster {
 public:
  /// Devices with equal links between all.
  cluster(std::vector<device> devices, const link& every)
      : devices_{std::move(devices)}, links_(devices_.size() * devices_.size(), every) {}

  /// Puts `between` between two devices. Precondition: they exist.
  void connect(std::size_t one, std::size_t other, const link& between) {
    KVFOLIO_EXPECTS(one < devices_.size() && other < devices_.size());
    links_[one * devices_.size() + other] = links_[other * devices_.size() + one] = between;
  }

  /// The devices.
  [[nodiscard]] const std::vector<device>& devices() const noexcept { return devices_; }

  /// The link between two devices. Precondition: they exist.
  [[nodiscard]] const link& between(std::size_t one, std::size_t other) const noexcept {
    KVFOLIO_EXPECTS(one < devices_.size() && other < devices_.size());
    return links_[one * devices_.size() + other];
  }

  /// The worst of both figures among the links of a group: what a ring in it has.
  [[nodiscard]] link slowest_inside(std::span<const std::uint32_t> group) const noexcept {
    link worst{1e300, 0};
    for (const auto one : group) {
      for (const auto other : group) {
        if (one == other) continue;
        worst.bandwidth = std::min(worst.bandwidth, between(one, other).bandwidth);
        worst.latency = std::max(worst.latency, between(one, other).latency);
      }
    }
    return worst;
  }

  /// Seconds for `bytes` from one group to another, by the link that takes least.
  [[nodiscard]] double hand_over(std::span<const std::uint32_t> from,
                                 std::span<const std::uint32_t> to, double bytes) const noexcept {
    double least = 1e300;
    for (const auto one : from) {
      for (const auto other : to) least = std::min(least, between(one, other).seconds(bytes));
    }
    return least;
  }

 private:
  std::vector<device> devices_;
  std::vector<link> links_;  // a square
};

}  // namespace kvfolio::partition
