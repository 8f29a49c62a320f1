// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/eviction/lru.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"
#include "../support/prefix_pool.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(lru, eviction_conformance, eviction::lru);

TEST(lru, evicts_in_order_of_insertion_when_nothing_is_touched) {
  policy_driver<eviction::lru> driver{3};
  for (const auto page : {page_id{2}, page_id{0}, page_id{1}}) driver.insert(page);
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
}

TEST(lru, a_page_that_becomes_eligible_again_is_as_old_as_before) {
  policy_driver<eviction::lru> driver{3};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.set_eligible(page_id{1}, false);
  EXPECT_EQ(driver.evict(), page_id{0});
  driver.set_eligible(page_id{1}, true);
  EXPECT_EQ(driver.evict(), page_id{1});
}

TEST(lru, a_page_inserted_as_the_oldest_leaves_first) {
  policy_driver<eviction::lru> driver{3};
  driver.insert(page_id{0});
  driver.insert_oldest(page_id{1});
  driver.insert_oldest(page_id{2});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), page_id{0});
}

struct naive_lru {
  explicit naive_lru(std::size_t /*pages*/) {}
  void miss(content_key /*key*/) {}
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    const auto victim = oldest(order, eligible);
    if (victim) order.remove(*victim);
    return victim;
  }
  void insert(page_id page, content_key /*key*/) { order.push_back(page); }
  void touch(page_id page) { move_to_back(order, order, page); }
  void erase(page_id page) { order.remove(page); }

  page_list order;
};

TEST(lru, agrees_with_a_list_that_is_searched) {
  agrees_with_model<eviction::lru, naive_lru>();
}

TEST(lru, fed_the_deepest_page_of_each_request_alone_it_evicts_the_same_pages) {
  static constexpr std::size_t nodes = 400;
  for (const std::size_t pages : {30U, 60U, 200U}) {
    for_each_seed([pages](std::mt19937& rng) {
      std::vector<std::size_t> parents(nodes, 0);
      std::vector<std::size_t> depths(nodes, 0);
      for (std::size_t node = 1; node < nodes; ++node) {
        do {  // mostly long chains, as the turns of a session are
          parents[node] = rng() % 4 == 0 ? rng() % node : node - 1;
          depths[node] = depths[parents[node]] + 1;
        } while (depths[node] >= 30);
      }
      prefix_pool<eviction::lru> pool{pages, parents};
      for (int i = 0; i < 5'000; ++i) {
        std::vector<std::size_t> path;
        for (auto node = rng() % nodes; node != 0; node = parents[node]) path.push_back(node);
        path.push_back(0);
        std::reverse(path.begin(), path.end());
        ASSERT_TRUE(pool.use(path)) << pages << " pages, request " << i;
      }
    });
  }
}

#ifndef NDEBUG
TEST(lru_death, inserting_a_tracked_page_is_a_contract_violation) {
  policy_driver<eviction::lru> driver{1};
  driver.insert(page_id{0});
  EXPECT_DEATH(driver.insert(page_id{0}), "tracks");
  EXPECT_DEATH(driver.insert_oldest(page_id{0}), "tracks");
}
#endif

}  // namespace
}  // namespace kvfolio::test
