// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/partition/concept.hpp>

namespace kvfolio::partition {

/// The communicator of a rank that is alone.
class lone_communicator {
 public:
  /// 0.
  [[nodiscard]] static constexpr std::uint32_t rank() noexcept { return 0; }
  /// 1.
  [[nodiscard]] static constexpr std::uint32_t size() noexcept { return 1; }
  /// Does nothing.
  static constexpr void all_reduce(std::span<float> /*values*/) noexcept {}
  /// Copies.
  static constexpr void all_gather(std::span<const float> mine, std::span<float> all) noexcept {
    copy(mine, all);
  }
  /// Copies.
  static constexpr void reduce_scatter(std::span<const float> all, std::span<float> mine) noexcept {
    copy(all, mine);
  }
  /// Precondition: there is another rank. There is none.
  static void send(std::span<const float> /*values*/, std::uint32_t /*to*/) noexcept {
    KVFOLIO_EXPECTS(false);
  }
  /// \overload
  static void receive(std::span<float> /*values*/, std::uint32_t /*from*/) noexcept {
    KVFOLIO_EXPECTS(false);
  }

 private:
  static constexpr void copy(std::span<const float> from, std::span<float> to) noexcept {
    KVFOLIO_EXPECTS(from.size() == to.size());
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i];
  }
};

static_assert(communicator<lone_communicator>);

}  // namespace kvfolio::partition
