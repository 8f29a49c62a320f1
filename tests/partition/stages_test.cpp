// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/partition/stages.hpp>

namespace kvfolio::test {
namespace {

using partition::stages;

TEST(stages, are_text_for_people) {
  EXPECT_EQ(partition::to_text({7, 7, 8}), "7, 7, 8");
  EXPECT_EQ(partition::to_text({}), "");
}

TEST(stages, more_than_layers_or_none_are_refused) {
  EXPECT_NO_THROW(partition::check_stage_count(3, 3, "a peer", ""));
  EXPECT_THROW(partition::check_stage_count(3, 0, "a peer", ""), partition::bad_partition);
  EXPECT_THROW(partition::check_stage_count(0, 1, "a peer", ""), partition::bad_partition);
  try {
    partition::check_stage_count(3, 4, "a peer", "1, 1, 1, 0");
    FAIL();
  } catch (const partition::bad_partition& error) {
    EXPECT_EQ(error.reason(), partition::refusal::too_many_stages);
    EXPECT_NE(std::string{error.what()}.find("a peer answers 1, 1, 1, 0"), std::string::npos);
  }
}

TEST(stages, empty_ones_are_refused_with_the_answer_of_the_peer_unless_allowed) {
  using partition::empty_stages;
  EXPECT_EQ(partition::without_empty({1, 0}, "a peer", empty_stages::allowed), (stages{1, 0}));
  EXPECT_EQ(partition::without_empty({1, 1}, "a peer", empty_stages::refused), (stages{1, 1}));
  try {
    static_cast<void>(partition::without_empty({1, 0}, "a peer", empty_stages::refused));
    FAIL();
  } catch (const partition::bad_partition& error) {
    EXPECT_EQ(error.reason(), partition::refusal::empty_stage);
    EXPECT_NE(std::string{error.what()}.find("a peer answers 1, 0"), std::string::npos);
  }
}

}  // namespace
}  // namespace kvfolio::test
