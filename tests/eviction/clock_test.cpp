// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/eviction/clock.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(clock, eviction_conformance, eviction::clock);

TEST(clock, a_touched_page_gets_a_second_round) {
  policy_driver<eviction::clock> driver{3};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.touch(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(clock, evicts_the_oldest_when_every_page_was_touched) {
  policy_driver<eviction::clock> driver{3};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  for (const auto page : {page_id{2}, page_id{1}, page_id{0}}) driver.touch(page);
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(clock, an_ineligible_page_keeps_its_place_and_its_bit) {
  policy_driver<eviction::clock> driver{3};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.touch(page_id{0});
  driver.set_eligible(page_id{0}, false);
  EXPECT_EQ(driver.evict(), page_id{1});
  driver.set_eligible(page_id{0}, true);
  EXPECT_EQ(driver.evict(), page_id{2}) << "page 0 still had its bit";
  EXPECT_EQ(driver.evict(), page_id{0});
}

struct naive_clock {
  explicit naive_clock(std::size_t /*pages*/) {}
  void miss(content_key /*key*/) {}
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    for (;;) {
      const auto page = oldest(queue, eligible);
      if (!page) return std::nullopt;
      queue.remove(*page);
      if (touched.erase(*page) == 0) return page;
      queue.push_back(*page);
    }
  }
  void insert(page_id page, content_key /*key*/) { queue.push_back(page); }
  void touch(page_id page) { touched.insert(page); }
  void erase(page_id page) {
    queue.remove(page);
    touched.erase(page);
  }

  page_list queue;
  std::set<page_id> touched;
};

TEST(clock, agrees_with_a_list_that_is_searched) {
  agrees_with_model<eviction::clock, naive_clock>();
}

}  // namespace
}  // namespace kvfolio::test
