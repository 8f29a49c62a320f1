// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/eviction/admitting.hpp>
#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/lru.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"
#include "../support/scanning_policy.hpp"

namespace kvfolio::test {
namespace {

using eviction::admitting;

using adapted = testing::Types<admitting<eviction::arc>, admitting<scanning_policy>>;
INSTANTIATE_TYPED_TEST_SUITE_P(admitting, eviction_conformance, adapted);

TEST(admitting, who_is_refused_leaves_first_and_who_comes_back_stays) {
  policy_driver<admitting<eviction::lru>> driver{3};
  driver.insert(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{0});
  driver.insert(page_id{0});
  driver.insert(page_id{1});
  driver.insert(page_id{2});
  EXPECT_EQ(driver.policy.waiting(), 2U);
  for (const std::size_t page : {1U, 2U, 0U}) EXPECT_EQ(driver.evict(), to_page(page));
}

TEST(admitting, a_use_while_it_waits_admits_a_page_in_use_or_not) {
  policy_driver<admitting<eviction::lru>> driver{3};
  for (std::size_t page = 0; page < 3; ++page) driver.insert(to_page(page));
  driver.set_eligible(page_id{0}, false);
  driver.touch(page_id{0});
  driver.touch(page_id{1});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), std::nullopt);
  driver.set_eligible(page_id{0}, true);
  EXPECT_EQ(driver.evict(), page_id{0});
}

// LRU behind a filter that forgets nothing.
struct naive_admitting {
  explicit naive_admitting(std::size_t /*pages*/) {}
  void miss(content_key key) {
    admitted = refused.erase(key) == 1;
    if (!admitted) refused.insert(key);
  }
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    auto victim = oldest(waiting, eligible);
    if (!victim) victim = oldest(order, eligible);
    if (victim) erase(*victim);
    return victim;
  }
  void insert(page_id page, content_key /*key*/) { (admitted ? order : waiting).push_back(page); }
  void touch(page_id page) {
    waiting.remove(page);
    move_to_back(order, order, page);
  }
  void erase(page_id page) {
    waiting.remove(page);
    order.remove(page);
  }

  bool admitted = false;
  std::set<content_key> refused;
  page_list waiting;
  page_list order;
};

TEST(admitting, agrees_with_lists_that_are_searched) {
  agrees_with_model<naive_admitting>([](std::size_t pages) {
    return admitting<eviction::lru>{pages, eviction::lru{pages},
                                    eviction::wanted_before{pages, 3 * pages + 2}};
  });
}

}  // namespace
}  // namespace kvfolio::test
