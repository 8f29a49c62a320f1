// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/core/page_groups.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

constexpr content_key one{7};
constexpr content_key other{1ULL << 40U};

TEST(page_groups, are_there_as_long_as_they_have_pages) {
  page_groups groups{4};
  EXPECT_EQ(groups.size(), 0U);
  EXPECT_FALSE(groups.last(one) || groups.contains(page_id{2}));
  groups.join(page_id{2}, one);
  groups.join(page_id{0}, other);
  groups.join(page_id{3}, one);
  EXPECT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups.last(one), page_id{3});
  EXPECT_TRUE(groups.contains(page_id{2}, one));
  EXPECT_FALSE(groups.contains(page_id{2}, other) || groups.contains(page_id{1}, one));
  groups.leave(page_id{3});
  EXPECT_EQ(groups.last(one), page_id{2});
  groups.leave(page_id{2});
  EXPECT_EQ(groups.size(), 1U);
  EXPECT_FALSE(groups.last(one));
  EXPECT_EQ(groups.last(other), page_id{0});
}

TEST(page_groups, agree_with_lists_after_every_step) {
  for_each_seed([](std::mt19937& rng) {
    constexpr std::size_t pages = 20;
    page_groups groups{pages};
    std::map<content_key, std::vector<page_id>> lists;
    for (int step = 0; step < 2'000; ++step) {
      const auto page = to_page(rng() % pages);
      const auto owner = std::find_if(lists.begin(), lists.end(), [&](const auto& each) {
        return std::count(each.second.begin(), each.second.end(), page) != 0;
      });
      if (owner == lists.end()) {
        const content_key key{rng() % 30};
        groups.join(page, key);
        lists[key].push_back(page);
      } else {
        groups.leave(page);
        std::erase(owner->second, page);
        if (owner->second.empty()) lists.erase(owner);
      }
      ASSERT_EQ(groups.size(), lists.size());
      for (std::uint64_t key = 0; key < 30; ++key) {
        const auto list = lists.find(content_key{key});
        const auto last =
            list == lists.end() ? std::optional<page_id>{} : std::optional{list->second.back()};
        ASSERT_EQ(groups.last(content_key{key}), last) << "at step " << step;
      }
    }
  });
}

#ifndef NDEBUG
TEST(page_groups_death, a_page_is_in_one_group_at_most) {
  page_groups groups{2};
  groups.join(page_id{0}, one);
  EXPECT_DEATH(groups.join(page_id{0}, other), "contains");
  EXPECT_DEATH(groups.leave(page_id{1}), "contains");
}
#endif

}  // namespace
}  // namespace kvfolio::test
