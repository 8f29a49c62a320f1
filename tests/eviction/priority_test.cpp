// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/eviction/priority.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_driver.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using eviction::priority;

INSTANTIATE_TYPED_TEST_SUITE_P(priority, eviction_conformance, priority);

class priority_of_pages : public testing::Test {
 protected:
  page_access access(std::size_t page, retention_hint hint, std::uint64_t now = 0) {
    auto made = driver.access(to_page(page));
    made.hint = hint;
    made.now = now;
    return made;
  }
  void insert(std::size_t page, retention_hint hint) {
    driver.insert(to_page(page), access(page, hint));
  }
  std::optional<page_id> evict(std::uint64_t now) { return driver.evict(access(0, {}, now)); }
  policy_driver<priority> driver{6};
};

TEST_F(priority_of_pages, the_lowest_leaves_first_and_of_equals_the_oldest) {
  insert(0, {.priority = 100});
  insert(1, {});
  insert(2, {.priority = 0});
  insert(3, {});
  for (const std::size_t page : {2U, 1U, 3U, 0U}) EXPECT_EQ(evict(0), to_page(page));
}

TEST_F(priority_of_pages, a_priority_ends_exactly_when_it_should) {
  insert(0, {.keep_until = 10, .priority = 90});
  insert(1, {});
  driver.set_eligible(page_id{1}, false);
  insert(2, {.priority = 60});
  EXPECT_EQ(evict(9), page_id{2});
  driver.set_eligible(page_id{1}, true);
  EXPECT_EQ(evict(10), page_id{0}) << "the oldest of the usual priority";
}

TEST_F(priority_of_pages, a_low_priority_ends_too) {
  insert(0, {});
  insert(1, {.keep_until = 10, .priority = 5});
  EXPECT_EQ(evict(10), page_id{0});
}

TEST_F(priority_of_pages, the_last_access_decides) {
  insert(0, {.keep_until = 10, .priority = 90});
  insert(1, {.priority = 60});
  driver.policy.touch(page_id{0}, access(0, {.priority = 90}));
  EXPECT_EQ(evict(1'000), page_id{1}) << "page 0 has its priority for good now";
}

TEST(priority, agrees_with_pages_that_are_searched) {
  struct wish {
    retention_hint hint;
    std::uint64_t last_use;
  };
  for_each_seed([](std::mt19937& rng) {
    static constexpr std::size_t pages = 40;
    policy_driver<priority> driver{pages, priority{pages, 35}};
    std::map<page_id, wish> tracked;
    for (std::uint64_t now = 0; now < 20'000; ++now) {
      const auto page = to_page(rng() % pages);
      auto access = driver.access(page);
      access.now = now;
      access.hint.priority = static_cast<std::uint8_t>(rng() % 5 * 25);
      if (rng() % 2 == 0) access.hint.keep_until = now + rng() % 60;
      const auto choice = rng() % 4;
      if (choice == 0) {
        std::optional<page_id> expected;
        const auto rank = [&](page_id of) {
          const auto& [hint, last_use] = tracked[of];
          const bool over = hint.keep_until != 0 && hint.keep_until <= now;
          return std::pair{over ? std::uint8_t{35} : hint.priority, last_use};
        };
        for (const auto& [each, wished] : tracked) {
          if (driver.is_eligible(each) && (!expected || rank(each) < rank(*expected))) {
            expected = each;
          }
        }
        ASSERT_EQ(driver.evict(access), expected) << "at " << now;
        if (expected) tracked.erase(*expected);
      } else if (choice == 1 && tracked.contains(page)) {
        driver.set_eligible(page, !driver.is_eligible(page));
      } else {
        tracked.contains(page) ? driver.policy.touch(page, access) : driver.insert(page, access);
        tracked[page] = {access.hint, access.access};
      }
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
