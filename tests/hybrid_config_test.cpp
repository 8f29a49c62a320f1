// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/hybrid_config.hpp>

namespace kvfolio::test {
namespace {

hybrid_config<> usual() {
  return {.groups = {{model::grouped_query(2, 2, 8, dtype::f16), group::sliding_window{64}},
                     {model::grouped_query(1, 2, 8, dtype::f16), group::full{}}},
          .pages = 10};
}

TEST(hybrid_config, a_plan_has_the_pages_of_each_group_and_their_unit) {
  const auto config = usual();
  const auto plan = plan_of(config);
  EXPECT_EQ(plan.groups[0].tokens_per_page, 16U);
  EXPECT_EQ(plan.groups[1].tokens_per_page, 32U);
  const auto groups = groups_of(config, plan);
  EXPECT_EQ(groups.unit(), 32U);
  EXPECT_EQ(groups.slots(), 3U);
  EXPECT_FALSE(groups[0].keeps_all());
  EXPECT_TRUE(groups[1].keeps_all());
}

TEST(hybrid_config, a_sequence_may_have_what_all_pages_hold_unless_it_is_said) {
  auto config = usual();
  EXPECT_EQ(longest_of(config, plan_of(config)), 320U);
  config.max_tokens = 7'000;
  EXPECT_EQ(longest_of(config, plan_of(config)), 7'000U) << "a window needs no page for most";
}

template <class Change>
void expect_refused(Change change, const char* because) {
  auto config = usual();
  change(config);
  try {
    (void)plan_of(config);
    ADD_FAILURE() << "accepted, in spite of " << because;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find(because), std::string::npos) << error.what();
  }
}

TEST(hybrid_config, what_makes_no_cache_is_refused_with_the_reason) {
  expect_refused([](auto& config) { config.groups.clear(); }, "group");
  expect_refused([](auto& config) { config.groups[0].shape.layers = 0; }, "layers");
  expect_refused([](auto& config) { config.tokens_per_page = 0; }, "tokens_per_page");
  expect_refused([](auto& config) { config.pages = 0; }, "pages");
  expect_refused([](auto& config) { config.pages = 1, config.reserve_null_page = true; }, "null");
  expect_refused([](auto& config) { config.pages = 0x80000000U; }, "2^31");
  expect_refused([](auto& config) { config.max_sequences = 0; }, "max_sequences");
  expect_refused([](auto& config) { config.groups.resize(70'000, config.groups[0]); }, "65535");
}

TEST(hybrid_config, more_bytes_than_can_be_counted_are_refused) {
  auto config = usual();
  config.groups[0].shape = model::grouped_query(1U << 31U, 1U << 16U, 1U << 8U, dtype::f32);
  config.pages = 1U << 20U;
  EXPECT_THROW((void)plan_of(config), std::length_error);
}

}  // namespace
}  // namespace kvfolio::test
