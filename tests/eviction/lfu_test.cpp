// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <map>

#include <gtest/gtest.h>

#include <kvfolio/eviction/lfu.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(lfu, eviction_conformance, eviction::lfu);

TEST(lfu, the_page_of_the_fewest_uses_leaves_first_and_of_several_the_oldest) {
  policy_driver<eviction::lfu> driver{3};
  for (std::size_t page = 0; page < 3; ++page) driver.insert(to_page(page));
  driver.touch(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(lfu, a_count_is_forgotten_when_its_page_leaves) {
  policy_driver<eviction::lfu> driver{2};
  driver.insert(page_id{0});
  for (int i = 0; i < 100; ++i) driver.touch(page_id{0});
  EXPECT_EQ(driver.policy.uses(page_id{0}), 101U);
  driver.erase(page_id{0});
  driver.insert(page_id{0});
  driver.insert(page_id{1});
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(lfu, a_suspended_page_is_counted_past_the_lists_and_stays_suspended) {
  policy_driver<eviction::lfu> driver{2};
  driver.insert(page_id{0});
  driver.insert(page_id{1});
  driver.set_eligible(page_id{0}, false);
  for (int i = 0; i < 40; ++i) driver.touch(page_id{i % 4 == 0 ? 1U : 0U});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), std::nullopt);
  driver.set_eligible(page_id{0}, true);
  EXPECT_EQ(driver.evict(), page_id{0});
}

struct naive_lfu {
  explicit naive_lfu(std::size_t /*pages*/) {}
  void miss(content_key /*key*/) {}
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    std::optional<page_id> victim;
    for (const auto page : order) {
      if (eligible(page) && (!victim || uses[page] < uses[*victim])) victim = page;
    }
    if (victim) erase(*victim);
    return victim;
  }
  void insert(page_id page, content_key /*key*/) {
    order.push_back(page);
    uses[page] = 1;
  }
  void touch(page_id page) {
    move_to_back(order, order, page);
    ++uses[page];
  }
  void erase(page_id page) { order.remove(page); }

  page_list order;
  std::map<page_id, int> uses;
};

TEST(lfu, agrees_with_counts_that_are_searched) {
  agrees_with_model<eviction::lfu, naive_lfu>();
}

}  // namespace
}  // namespace kvfolio::test
