// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/eviction/expiring.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/s3_fifo.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/scanning_policy.hpp"

namespace kvfolio::test {
namespace {

using eviction::expiring;

using adapted = testing::Types<expiring<eviction::s3_fifo>, expiring<scanning_policy>>;
INSTANTIATE_TYPED_TEST_SUITE_P(expiring, eviction_conformance, adapted);

class expiring_pages : public testing::Test {
 protected:
  page_access access(std::size_t page, std::uint64_t keep_until, std::uint64_t now = 0) {
    auto made = driver.access(to_page(page));
    made.hint.keep_until = keep_until;
    made.now = now;
    return made;
  }
  void insert(std::size_t page, std::uint64_t keep_until) {
    driver.insert(to_page(page), access(page, keep_until));
  }
  std::optional<page_id> evict(std::uint64_t now) { return driver.evict(access(0, 0, now)); }
  policy_driver<expiring<eviction::lru>> driver{5};
};

TEST_F(expiring_pages, are_kept_until_their_time_and_leave_first_from_then_on) {
  insert(0, 10);
  insert(1, 0);
  insert(2, 0);
  EXPECT_EQ(evict(9), page_id{1});
  EXPECT_EQ(evict(10), page_id{0});
  EXPECT_EQ(evict(10), page_id{2});
}

TEST_F(expiring_pages, leave_in_the_order_of_their_expiry) {
  insert(0, 12);
  insert(1, 11);
  insert(2, 30);
  insert(3, 0);
  for (const std::size_t page : {1U, 0U, 3U, 2U}) EXPECT_EQ(evict(20), to_page(page));
}

TEST_F(expiring_pages, are_renewed_by_each_use_or_freed) {
  insert(0, 10);
  insert(1, 10);
  insert(2, 0);
  driver.policy.touch(page_id{0}, access(0, 99));
  driver.policy.touch(page_id{1}, access(1, 0));
  EXPECT_EQ(driver.policy.wishes(), 1U);
  for (const std::size_t page : {2U, 1U, 0U}) EXPECT_EQ(evict(50), to_page(page));
}

TEST_F(expiring_pages, that_are_in_use_expire_and_stay) {
  insert(0, 0);
  insert(1, 0);
  driver.set_eligible(page_id{0}, false);
  driver.policy.touch(page_id{0}, access(0, 5));
  EXPECT_EQ(evict(6), page_id{1});
  EXPECT_EQ(evict(6), std::nullopt);
  driver.set_eligible(page_id{0}, true);
  EXPECT_EQ(evict(6), page_id{0});
}

}  // namespace
}  // namespace kvfolio::test
