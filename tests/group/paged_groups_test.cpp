// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/group/any_rule.hpp>
#include <kvfolio/group/paged_groups.hpp>

namespace kvfolio::test {
namespace {

using paged = group::paged_rule<group::any_rule>;
using groups = group::paged_groups<group::any_rule>;

TEST(paged_groups, each_page_of_a_unit_has_a_slot_of_its_own) {
  const groups two{{paged{group::full{}, 12}, paged{group::sliding_window{8}, 4}}, 12};
  EXPECT_EQ(two.slots(), 1U + 3U);
  EXPECT_EQ(two.pages_per_unit(1), 3U);
  std::set<std::size_t> slots{two.slot(0, 7)};
  for (std::size_t place = 21; place < 24; ++place) slots.insert(two.slot(1, place));
  EXPECT_EQ(slots, (std::set<std::size_t>{0, 1, 2, 3}));
}

TEST(paged_groups, they_shrink_if_one_does) {
  EXPECT_FALSE((groups{{paged{group::full{}, 4}}, 4}.shrinking()));
  EXPECT_TRUE((groups{{paged{group::full{}, 4}, paged{group::state{4}, 4}}, 4}.shrinking()));
}

TEST(paged_groups, a_prompt_is_carried_on_by_a_longer_one_that_needs_the_same_pages_first) {
  const groups all{{paged{group::full{}, 4}}, 4};
  EXPECT_TRUE(all.carried_on(100));
  const groups window{{paged{group::full{}, 4}, paged{group::sliding_window{8}, 4}}, 4};
  EXPECT_TRUE(window.carried_on(1)) << "4 tokens and 8 are in the window from the first on";
  EXPECT_FALSE(window.carried_on(2)) << "of 12, the first page is out of it";
  EXPECT_FALSE((groups{{paged{group::state{4}, 4}}, 4}.carried_on(1)));
  const groups chunks{{paged{group::chunked_local{8}, 4}}, 4};
  EXPECT_TRUE(chunks.carried_on(2)) << "at a boundary nothing is needed";
  EXPECT_TRUE((groups{{paged{group::chunked_local{4}, 4}}, 4}.carried_on(1)));
}

TEST(paged_groups, the_most_pages_are_those_of_all_groups) {
  const groups two{{paged{group::full{}, 8}, paged{group::sliding_window{9}, 4}}, 8};
  EXPECT_EQ(two.most_pages(80, 4), 10U + 4U);
}

#ifndef NDEBUG
TEST(paged_groups_death, a_unit_that_is_not_whole_pages_is_a_contract_violation) {
  EXPECT_DEATH((groups{{paged{group::full{}, 8}}, 12}), "unit");
}
#endif

}  // namespace
}  // namespace kvfolio::test
