// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/withholding.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/scanning_policy.hpp"

namespace kvfolio::test {
namespace {

using eviction::withholding;

using adapted = testing::Types<withholding<eviction::arc>, withholding<scanning_policy>>;
INSTANTIATE_TYPED_TEST_SUITE_P(withholding, eviction_conformance, adapted);

static_assert(eligibility_aware<withholding<scanning_policy>>);

template <class Policy>
class withholding_from : public testing::Test {};
using policies = testing::Types<eviction::lru, scanning_policy>;
TYPED_TEST_SUITE(withholding_from, policies);

TYPED_TEST(withholding_from, a_page_stays_until_it_is_offered_and_is_as_old_as_it_was) {
  policy_driver<withholding<TypeParam>> driver{3};
  for (std::size_t page = 0; page < 3; ++page) driver.insert(to_page(page));
  driver.policy.withhold(page_id{0});
  driver.policy.withhold(page_id{1});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), std::nullopt);
  driver.policy.offer(page_id{1});
  driver.policy.offer(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
}

TYPED_TEST(withholding_from, a_page_must_be_eligible_and_offered) {
  policy_driver<withholding<TypeParam>> driver{1};
  driver.insert(page_id{0});
  driver.policy.withhold(page_id{0});
  driver.set_eligible(page_id{0}, false);
  driver.policy.offer(page_id{0});
  EXPECT_EQ(driver.evict(), std::nullopt);
  driver.policy.withhold(page_id{0});
  driver.set_eligible(page_id{0}, true);
  EXPECT_EQ(driver.evict(), std::nullopt);
  driver.policy.offer(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{0});
}

TYPED_TEST(withholding_from, a_page_that_left_and_came_back_is_offered) {
  policy_driver<withholding<TypeParam>> driver{1};
  driver.insert(page_id{0});
  driver.policy.withhold(page_id{0});
  driver.erase(page_id{0});
  driver.insert(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{0});
}

}  // namespace
}  // namespace kvfolio::test
