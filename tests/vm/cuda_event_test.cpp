// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/vm/cuda_device.hpp>
#include <kvfolio/vm/cuda_event.hpp>

#include "fake_cuda/loaded.hpp"

namespace kvfolio::test {
namespace {

TEST(cuda_event, is_destroyed_once) {
  fake().reset();
  const vm::cuda_device device{fake_driver(), 0};
  const vm::cuda_device::scope now{device};
  const auto make = [&] {
    vm::cuda::event_handle made = nullptr;
    EXPECT_EQ(device.call().event_create(&made, vm::cuda::without_timing), vm::cuda::success);
    return vm::cuda_event{device.call(), made};
  };
  {
    auto one = make();
    auto other = make();
    EXPECT_EQ(fake().live().events, 2U);
    const vm::cuda_event moved{std::move(one)};
    // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move): what is tested
    EXPECT_EQ(one.handle(), nullptr);
    EXPECT_NE(moved.handle(), nullptr);
    one = std::move(other);
    EXPECT_NE(one.handle(), nullptr);
    EXPECT_EQ(fake().live().events, 2U);
  }
  EXPECT_EQ(fake().live().events, 0U);
}

}  // namespace
}  // namespace kvfolio::test
