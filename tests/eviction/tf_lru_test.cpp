// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/eviction/tf_lru.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_driver.hpp"

namespace kvfolio::test {
namespace {

using eviction::tf_lru;

INSTANTIATE_TYPED_TEST_SUITE_P(tf_lru, eviction_conformance, tf_lru);

class tf_lru_of_16_tokens : public testing::Test {
 protected:
  void insert(std::size_t page, std::uint32_t depth, std::uint32_t tokens) {
    auto access = driver.access(to_page(page));
    access.depth = depth;
    access.tokens = tokens;
    access.request_pages = 3;
    driver.policy.miss(access);
    driver.insert(to_page(page), access);
  }
  policy_driver<tf_lru> driver{4, tf_lru{4, 16}};
};

TEST_F(tf_lru_of_16_tokens, partial_last_pages_leave_first) {
  insert(0, 1, 16);
  insert(1, 2, 16);
  insert(2, 2, 15);
  insert(3, 1, 15);
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), page_id{3}) << "not the last one of its prompt";
}

TEST_F(tf_lru_of_16_tokens, one_that_is_used_again_is_a_page_as_any_other) {
  insert(0, 2, 7);
  insert(1, 0, 16);
  insert(2, 2, 7);
  driver.touch(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(tf_lru, where_nobody_says_what_is_full_it_is_lru) {
  policy_driver<tf_lru> driver{3};
  for (std::size_t page = 0; page < 3; ++page) driver.insert(to_page(page));
  driver.touch(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0});
}

}  // namespace
}  // namespace kvfolio::test
