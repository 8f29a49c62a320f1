// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/eviction/hinted_lru.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_driver.hpp"

namespace kvfolio::test {
namespace {

using eviction::hinted_lru;

INSTANTIATE_TYPED_TEST_SUITE_P(hinted_lru, eviction_conformance, hinted_lru);

class hinted_pages : public testing::Test {
 protected:
  page_access access(std::size_t page, continuation next_turn) {
    auto made = driver.access(to_page(page));
    made.hint.next_turn = next_turn;
    return made;
  }
  void insert(std::size_t page, continuation next_turn) {
    driver.insert(to_page(page), access(page, next_turn));
  }
  policy_driver<hinted_lru> driver{5};
};

TEST_F(hinted_pages, leave_the_sooner_the_less_is_expected_of_them) {
  insert(0, continuation::expected);
  insert(1, continuation::unknown);
  insert(2, continuation::over);
  insert(3, continuation::over);
  insert(4, continuation::expected);
  for (const std::size_t page : {2U, 3U, 1U, 0U, 4U}) EXPECT_EQ(driver.evict(), to_page(page));
}

TEST_F(hinted_pages, follow_the_hint_of_their_last_access) {
  insert(0, continuation::over);
  insert(1, continuation::over);
  insert(2, continuation::expected);
  driver.policy.touch(page_id{0}, access(0, continuation::expected));
  driver.policy.touch(page_id{2}, access(2, continuation::over));
  for (const std::size_t page : {1U, 2U, 0U}) EXPECT_EQ(driver.evict(), to_page(page));
}

}  // namespace
}  // namespace kvfolio::test
