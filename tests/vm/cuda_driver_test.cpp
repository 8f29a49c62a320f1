// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/vm/cuda_driver.hpp>

#include "fake_cuda/loaded.hpp"

namespace kvfolio::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(cuda_driver, says_what_to_do_where_there_is_none) {
  EXPECT_THAT([] { vm::cuda_driver{"libcuda_that_nobody_has.so.1"}; },
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("no CUDA driver"), HasSubstr("libcuda_that_nobody_has.so.1"),
                        HasSubstr("nvidia-smi"), HasSubstr("vm::linux_backend"))));
}

TEST(cuda_driver, says_what_a_library_lacks_that_is_none) {
  EXPECT_THAT(
      [] { vm::cuda_driver{"libm.so.6"}; },
      ThrowsMessage<std::runtime_error>(AllOf(HasSubstr("has no cuInit"), HasSubstr("10.2"))));
}

TEST(cuda_driver, names_the_call_that_failed_and_why) {
  EXPECT_THAT([] { fake_driver().expect(2, "cuSomething"); },
              ThrowsMessage<std::runtime_error>(
                  HasSubstr("cuSomething failed with error 2 (CUDA_ERROR_OUT_OF_MEMORY)")));
  EXPECT_THAT([] { fake_driver().expect(12345, "cuSomething"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("error 12345 (no name)")));
  EXPECT_NO_THROW(fake_driver().expect(0, "cuSomething"));
}

TEST(cuda_driver, without_a_device_does_not_come_up) {
  fake().reset();
  fake().fail_function("cuInit", 100);
  EXPECT_THAT([] { vm::cuda_driver{FAKE_CUDA}; },
              ThrowsMessage<std::runtime_error>(HasSubstr("cuInit failed with error 100")));
  fake().reset();
}

TEST(cuda_driver, of_an_older_version_is_asked_for_each_function_by_its_own_name) {
  const vm::cuda_driver old{FAKE_CUDA_OLD};
  int device = 0;
  EXPECT_EQ(old->device_get(&device, 0), vm::cuda::success);
  std::size_t bytes = 0;
  EXPECT_EQ(old->device_total_mem(&bytes, device), vm::cuda::success);
  EXPECT_GT(bytes, 0U);
}

}  // namespace
}  // namespace kvfolio::test
