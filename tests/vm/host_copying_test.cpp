// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/vm/host_copying.hpp>

namespace kvfolio::test {
namespace {

// A base class without state takes no space in what derives from it.
static_assert(std::is_empty_v<vm::host_copying>);

TEST(host_copying, is_done_when_the_call_returns) {
  std::array<std::byte, 8> device{};
  const auto at = reinterpret_cast<std::uintptr_t>(device.data());
  vm::host_copying copying;
  copying.fill(at, 8, std::byte{9}).value();
  copying.write(at + 1, std::array{std::byte{1}, std::byte{2}}).value();
  copying.copy(at + 4, at, 3).value();
  EXPECT_EQ(device, (std::array{std::byte{9}, std::byte{1}, std::byte{2}, std::byte{9},
                                std::byte{9}, std::byte{1}, std::byte{2}, std::byte{9}}));
  std::array<std::byte, 2> host{};
  copying.read(host, at + 5).value();
  EXPECT_EQ(host, (std::array{std::byte{1}, std::byte{2}}));
  EXPECT_TRUE(copying.reached(copying.record().value()).value());
}

TEST(host_copying, nothing_is_a_length_too) {
  std::array<std::byte, 1> device{std::byte{5}};
  const auto at = reinterpret_cast<std::uintptr_t>(device.data());
  vm::host_copying copying;
  copying.fill(at, 0, std::byte{9}).value();
  copying.write(at, {}).value();
  copying.read({}, at).value();
  EXPECT_EQ(device[0], std::byte{5});
}

#ifndef NDEBUG
TEST(host_copying_death, addresses_that_overlap_are_a_contract_violation) {
  std::array<std::byte, 8> device{};
  const auto at = reinterpret_cast<std::uintptr_t>(device.data());
  vm::host_copying copying;
  EXPECT_DEATH(static_cast<void>(copying.copy(at, at + 3, 4)), "from");
}
#endif

}  // namespace
}  // namespace kvfolio::test
