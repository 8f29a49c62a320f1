// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/vm/spare_mappings.hpp>

#include "../support/process_memory.hpp"

namespace kvfolio::test {
namespace {

[[nodiscard]] std::size_t all_mappings() {
  return memory_mapped_at(0, SIZE_MAX).mappings;
}

TEST(spare_mappings, are_several_that_can_be_given_up_and_taken_again) {
  vm::spare_mappings spare;
  ASSERT_TRUE(spare.kept());
  const auto kept = all_mappings();
  spare.spend();
  EXPECT_FALSE(spare.kept());
  EXPECT_LE(all_mappings() + 8, kept);
  spare.spend();
  spare.refill();
  EXPECT_TRUE(spare.kept());
  spare.refill();
  EXPECT_LE(all_mappings(), kept + 1) << "they are taken once";
}

TEST(spare_mappings, moving_takes_them_along) {
  vm::spare_mappings spare;
  vm::spare_mappings other{std::move(spare)};
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move): what is tested
  EXPECT_FALSE(spare.kept());
  EXPECT_TRUE(other.kept());
  spare = std::move(other);
  EXPECT_TRUE(spare.kept());
}

}  // namespace
}  // namespace kvfolio::test
