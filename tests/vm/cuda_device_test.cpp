// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/vm/cuda_device.hpp>

#include "fake_cuda/loaded.hpp"

namespace kvfolio::test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class cuda_device : public testing::Test {
 protected:
  void SetUp() override { fake().reset(); }
};

TEST_F(cuda_device, keeps_a_context_as_long_as_it_lives) {
  {
    vm::cuda_device device{fake_driver(), 0};
    EXPECT_EQ(fake().live().contexts, 1U);
    EXPECT_EQ(device.name(), "Fake device without a GPU");
    EXPECT_EQ(device.total_memory(fake_driver()), 128U << 20U);
    auto moved = std::move(device);
    // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move): what is tested
    EXPECT_FALSE(device.is_open());
    device = std::move(moved);
    EXPECT_TRUE(device.is_open());
    EXPECT_EQ(fake().live().contexts, 1U);
  }
  EXPECT_EQ(fake().live().contexts, 0U);
}

TEST_F(cuda_device, says_what_is_wrong_with_the_one_that_was_asked_for) {
  EXPECT_THAT(([] {
                vm::cuda_device{fake_driver(), 7};
              }),
              ThrowsMessage<std::runtime_error>(HasSubstr("cuDeviceGet failed with error 101")));
  fake().set_virtual_memory(0);
  EXPECT_THAT(([] {
                vm::cuda_device{fake_driver(), 0};
              }),
              ThrowsMessage<std::runtime_error>(HasSubstr("no virtual memory management")));
  EXPECT_EQ(fake().live().all(), 0U);
}

TEST_F(cuda_device, a_scope_leaves_the_context_of_a_thread_as_it_was) {
  const vm::cuda_device device{fake_driver(), 0};
  std::thread{[&] {
    const auto usable = [] {
      vm::cuda::event_handle event = nullptr;
      if (fake_driver()->event_create(&event, vm::cuda::without_timing) != 0) return false;
      return fake_driver()->event_destroy(event) == 0;
    };
    EXPECT_FALSE(usable()) << "a new thread has no context";
    {
      const vm::cuda_device::scope now{device};
      EXPECT_TRUE(usable());
    }
    EXPECT_FALSE(usable());
    EXPECT_TRUE(device.bind_thread());
    EXPECT_TRUE(usable());
  }}.join();
}

}  // namespace
}  // namespace kvfolio::test
