// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/vm/extension.hpp>

namespace kvfolio::test {
namespace {

// What extensions do is in their conformance suite.
TEST(extension, needs_slots_rows_and_tokens) {
  const vm::extension_config good{.slots = 1, .rows_per_slot = 4, .tokens_per_row = 32};
  EXPECT_NO_THROW((void)vm::checked(good));
  for (auto member : {&vm::extension_config::slots, &vm::extension_config::rows_per_slot,
                      &vm::extension_config::tokens_per_row}) {
    auto bad = good;
    bad.*member = 0;
    EXPECT_THROW((void)vm::checked(bad), std::invalid_argument);
  }
}

TEST(extension, counts_rows_up_to_those_of_a_slot) {
  const vm::extension_config config{.slots = 1, .rows_per_slot = 4, .tokens_per_row = 32};
  EXPECT_EQ(vm::rows_for(config, 0), 0U);
  EXPECT_EQ(vm::rows_for(config, 1), 1U);
  EXPECT_EQ(vm::rows_for(config, 32), 1U);
  EXPECT_EQ(vm::rows_for(config, 33), 2U);
  EXPECT_EQ(vm::rows_for(config, SIZE_MAX), 4U);
}

}  // namespace
}  // namespace kvfolio::test
