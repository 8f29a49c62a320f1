// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/pinning.hpp>
#include <kvfolio/eviction/two_q.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/scanning_policy.hpp"

namespace kvfolio::test {
namespace {

using eviction::pinning;

using adapted = testing::Types<pinning<eviction::two_q>, pinning<scanning_policy>>;
INSTANTIATE_TYPED_TEST_SUITE_P(pinning, eviction_conformance, adapted);

class pinning_two_of_four : public testing::Test {
 protected:
  page_access access(std::size_t page, std::uint8_t priority) {
    auto made = driver.access(to_page(page));
    made.hint.priority = priority;
    return made;
  }
  void insert(std::size_t page, std::uint8_t priority) {
    driver.insert(to_page(page), access(page, priority));
  }
  policy_driver<pinning<eviction::lru>> driver{4, {4, 2, eviction::lru{4}}};
};

TEST_F(pinning_two_of_four, pinned_pages_leave_when_no_other_can) {
  insert(0, 100);
  insert(1, 99);
  insert(2, 100);
  insert(3, 0);
  EXPECT_EQ(driver.policy.pins(), 2U);
  for (const std::size_t page : {1U, 3U, 0U, 2U}) EXPECT_EQ(driver.evict(), to_page(page));
  EXPECT_EQ(driver.policy.pins(), 0U);
}

TEST_F(pinning_two_of_four, who_finds_no_room_is_a_page_as_any_other_until_it_is_used_again) {
  insert(0, 100);
  insert(1, 100);
  insert(2, 100);
  EXPECT_EQ(driver.evict(), page_id{2});
  insert(2, 100);
  driver.policy.touch(page_id{0}, access(0, 50));
  EXPECT_EQ(driver.policy.pins(), 1U);
  driver.policy.touch(page_id{2}, access(2, 100));
  EXPECT_EQ(driver.policy.pins(), 2U);
  EXPECT_EQ(driver.evict(), page_id{0}) << "unpinned by its last use";
  EXPECT_EQ(driver.evict(), page_id{1});
}

TEST_F(pinning_two_of_four, a_page_in_use_can_be_pinned_and_unpinned) {
  insert(0, 50);
  insert(1, 50);
  driver.set_eligible(page_id{0}, false);
  driver.policy.touch(page_id{0}, access(0, 100));
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), std::nullopt);
  driver.policy.touch(page_id{0}, access(0, 50));
  EXPECT_EQ(driver.evict(), std::nullopt);
  driver.set_eligible(page_id{0}, true);
  EXPECT_EQ(driver.evict(), page_id{0});
}

}  // namespace
}  // namespace kvfolio::test
