// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/eviction/fifo.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(fifo, eviction_conformance, eviction::fifo);

TEST(fifo, evicts_in_order_of_arrival_whatever_is_touched) {
  policy_driver<eviction::fifo> driver{3};
  for (const auto page : {page_id{2}, page_id{0}, page_id{1}}) driver.insert(page);
  driver.touch(page_id{2});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
}

TEST(fifo, a_page_that_becomes_eligible_again_is_where_it_was) {
  policy_driver<eviction::fifo> driver{3};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.set_eligible(page_id{0}, false);
  EXPECT_EQ(driver.evict(), page_id{1});
  driver.set_eligible(page_id{0}, true);
  EXPECT_EQ(driver.evict(), page_id{0});
}

struct naive_fifo {
  explicit naive_fifo(std::size_t /*pages*/) {}
  void miss(content_key /*key*/) {}
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    const auto victim = oldest(queue, eligible);
    if (victim) queue.remove(*victim);
    return victim;
  }
  void insert(page_id page, content_key /*key*/) { queue.push_back(page); }
  void touch(page_id /*page*/) {}
  void erase(page_id page) { queue.remove(page); }

  page_list queue;
};

TEST(fifo, agrees_with_a_list_that_is_searched) {
  agrees_with_model<eviction::fifo, naive_fifo>();
}

}  // namespace
}  // namespace kvfolio::test
