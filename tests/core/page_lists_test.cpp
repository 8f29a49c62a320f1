// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <list>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/core/page_lists.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

TEST(page_lists, are_empty_when_new) {
  const page_lists lists{2, 3};
  for (std::size_t list = 0; list < 3; ++list) EXPECT_EQ(lists.front(list), std::nullopt);
  EXPECT_FALSE(lists.contains(page_id{1}));
}

TEST(page_lists, agree_with_lists_of_nodes) {
  for_each_seed([](std::mt19937& rng) {
    static constexpr std::size_t pages = 30;
    static constexpr std::size_t count = 5;
    page_lists lists{pages, count};
    std::vector<std::list<page_id>> model(count);
    std::vector<std::optional<std::size_t>> list_of(pages);
    for (int i = 0; i < 20'000; ++i) {
      const auto page = to_page(rng() % pages);
      auto& list = list_of[to_index(page)];
      ASSERT_EQ(lists.contains(page), list.has_value());
      if (list) {
        lists.erase(page);
        model[*list].remove(page);
        list.reset();
      } else {
        list = rng() % count;
        lists.push_back(page, *list);
        model[*list].push_back(page);
      }
      for (std::size_t each = 0; each < count; ++each) {
        ASSERT_EQ(lists.front(each),
                  model[each].empty() ? std::nullopt : std::optional{model[each].front()});
        ASSERT_EQ(lists.back(each),
                  model[each].empty() ? std::nullopt : std::optional{model[each].back()});
      }
    }
  });
}

#ifndef NDEBUG
TEST(page_lists_death, a_page_is_in_one_list_at_most) {
  page_lists lists{1, 2};
  lists.push_back(page_id{0}, 0);
  EXPECT_DEATH(lists.push_back(page_id{0}, 1), "contains");
}
#endif

}  // namespace
}  // namespace kvfolio::test
