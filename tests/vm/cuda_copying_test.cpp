// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/vm/cuda_backend.hpp>

#include "fake_cuda/loaded.hpp"

namespace kvfolio::test {
namespace {

// The fake device does what a stream was given as late as it may.
class cuda_copying : public testing::Test {
 protected:
  void SetUp() override {
    backend.bind_thread().value();
    backend.map(range.first, backend.create(granule).value()).value();
    backend.set_access(range.first, granule, vm::access::read_write).value();
  }

  static constexpr std::size_t granule = 2U << 20U;
  vm::cuda_backend backend = [] {
    fake().reset();
    return vm::cuda_backend{{.driver = &fake_driver()}};
  }();
  vm::address_range range = [this] {
    backend.bind_thread().value();
    return backend.reserve(4 * granule, granule).value();
  }();
};

TEST_F(cuda_copying, calls_return_before_the_device_has_done_it) {
  std::array<std::byte, 4> seen{};
  backend.fill(range.first, 100, std::byte{7}).value();
  backend.read(seen, range.first + 50).value();
  const auto behind = backend.record().value();
  EXPECT_EQ(seen[0], std::byte{0});
  EXPECT_FALSE(backend.reached(behind).value());
  backend.wait(behind).value();
  EXPECT_TRUE(backend.reached(behind).value());
  EXPECT_EQ(seen[3], std::byte{7});
}

TEST_F(cuda_copying, asking_again_is_enough_to_see_the_end) {
  backend.fill(range.first, 100, std::byte{7}).value();
  const auto behind = backend.record().value();
  int asked = 1;
  while (!backend.reached(behind).value()) ++asked;
  EXPECT_EQ(asked, 2);
}

TEST_F(cuda_copying, a_stream_of_the_engine_can_follow_ours) {
  vm::cuda::stream_handle handle = nullptr;
  ASSERT_EQ(fake_driver()->stream_create(&handle, 0), vm::cuda::success);
  const vm::cuda_stream engine{handle};
  EXPECT_NE(engine, vm::cuda_stream{});
  std::array<std::byte, 1> seen{};
  backend.fill(range.first, 1, std::byte{1}).value();
  const auto filled = backend.record().value();
  backend.follow(engine, filled).value();
  backend.read(seen, range.first, engine).value();
  const auto read = backend.record(engine).value();
  backend.fill(range.first, 1, std::byte{2}).value();
  backend.wait(read).value();
  EXPECT_EQ(seen[0], std::byte{1});
  EXPECT_EQ(fake_driver()->stream_destroy(handle), vm::cuda::success);
}

TEST_F(cuda_copying, unmapping_what_the_device_still_uses_loses_the_context) {
  backend.fill(range.first, 1, std::byte{1}).value();
  const auto unmapped = backend.unmap(range.first, granule);
  ASSERT_FALSE(unmapped);
  EXPECT_EQ(unmapped.error(), errc::device_failed);
  EXPECT_EQ(backend.create(granule).error(), errc::device_failed) << "from now on from every call";
  EXPECT_EQ(backend.record().error(), errc::device_failed);
}

TEST_F(cuda_copying, access_is_what_the_device_may_do) {
  backend.set_access(range.first, granule, vm::access::read).value();
  std::array<std::byte, 1> seen{};
  backend.read(seen, range.first).value();
  backend.wait(backend.record().value()).value();
  backend.fill(range.first, 1, std::byte{1}).value();
  const auto behind = backend.record().value();
  EXPECT_EQ(backend.wait(behind).error(), errc::device_failed) << "when it comes to light";
  EXPECT_EQ(backend.reached(behind).error(), errc::device_failed);
}

TEST_F(cuda_copying, having_no_events_left_is_load) {
  fake().fail_function("cuEventCreate", vm::cuda::out_of_memory);
  EXPECT_EQ(backend.record().error(), errc::out_of_memory);
}

}  // namespace
}  // namespace kvfolio::test
