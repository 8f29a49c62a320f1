// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/vm/linux_options.hpp>

namespace kvfolio::test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

[[nodiscard]] auto checking(vm::linux_options options) {
  return [options] { static_cast<void>(vm::checked(options)); };
}

TEST(linux_options, that_make_no_sense_say_why) {
  EXPECT_THAT(checking({}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("a multiple of the granule, 65536")));
  EXPECT_THAT(checking({.capacity = mib + 1}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("capacity is 1048577 bytes")));
  EXPECT_THAT(checking({.capacity = 3 * mib, .granule = 3 * kib}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("a power of two from ")));
  EXPECT_THAT(checking({.capacity = 3 * mib, .granule = 0}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("a power of two from ")));
  EXPECT_THAT(checking({.capacity = mib, .pages = vm::page_kind::collapsed}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("huge pages need 2097152")));
}

TEST(linux_options, beyond_the_memory_of_the_machine_are_refused) {
  EXPECT_THAT(checking({.capacity = std::size_t{1} << 50U, .granule = 2 * mib}),
              ThrowsMessage<std::runtime_error>(HasSubstr("would kill processes")));
}

TEST(linux_options, leave_mappings_to_others_unless_told_otherwise) {
  EXPECT_EQ(vm::checked({.capacity = mib, .max_mappings = 7}).max_mappings, 7U);
  const auto left = vm::checked({.capacity = mib}).max_mappings;
  EXPECT_GT(left, 0U);
  EXPECT_LT(left, vm::max_map_count());
}

}  // namespace
}  // namespace kvfolio::test
