// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/eviction/grouping.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/slru.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"
#include "../support/random_steps.hpp"
#include "../support/scanning_policy.hpp"

namespace kvfolio::test {
namespace {

using eviction::grouping;

using adapted = testing::Types<grouping<eviction::slru<>>, grouping<scanning_policy>>;
INSTANTIATE_TYPED_TEST_SUITE_P(grouping, eviction_conformance, adapted);

class grouping_pages : public testing::Test {
 protected:
  page_access access(std::size_t page, std::uint64_t session) {
    auto made = driver.access(to_page(page));
    made.session = session_id{session};
    return made;
  }
  void insert(std::size_t page, std::uint64_t session) {
    driver.insert(to_page(page), access(page, session));
  }
  policy_driver<grouping<eviction::lru>> driver{6};
};

TEST_F(grouping_pages, the_rest_of_a_session_follows_its_first_page) {
  insert(0, 1);
  insert(1, 2);
  insert(2, 0);
  insert(3, 1);
  insert(4, 2);
  EXPECT_EQ(driver.policy.sessions(), 2U);
  for (const std::size_t page : {0U, 3U, 1U, 4U, 2U}) EXPECT_EQ(driver.evict(), to_page(page));
  EXPECT_EQ(driver.policy.sessions(), 0U);
}

TEST_F(grouping_pages, pages_without_a_session_are_alone) {
  for (std::size_t page = 0; page < 3; ++page) insert(page, 0);
  driver.touch(page_id{1});
  for (const std::size_t page : {0U, 2U, 1U}) EXPECT_EQ(driver.evict(), to_page(page));
}

TEST_F(grouping_pages, a_session_that_comes_back_keeps_the_rest) {
  insert(0, 1);
  insert(1, 2);
  insert(2, 1);
  EXPECT_EQ(driver.evict(), page_id{0});
  driver.policy.touch(page_id{2}, access(2, 1));
  EXPECT_EQ(driver.evict(), page_id{1});
}

TEST_F(grouping_pages, a_page_belongs_to_the_session_that_used_it_last) {
  insert(0, 1);
  insert(1, 1);
  insert(2, 2);
  driver.policy.touch(page_id{1}, access(1, 2));
  EXPECT_EQ(driver.evict(), page_id{0});
  EXPECT_EQ(driver.policy.sessions(), 1U);
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{1});
}

TEST_F(grouping_pages, pages_that_become_eligible_while_their_session_leaves_follow) {
  insert(0, 1);
  insert(1, 1);
  insert(2, 1);
  insert(3, 2);
  driver.set_eligible(page_id{1}, false);
  driver.set_eligible(page_id{2}, false);
  EXPECT_EQ(driver.evict(), page_id{0});
  driver.set_eligible(page_id{2}, true);
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{3}) << "page 1 is in use";
}

TEST(grouping, a_session_leaves_as_a_whole_whatever_happened_before) {
  for_each_seed([](std::mt19937& rng) {
    static constexpr std::size_t pages = 60;
    policy_driver<grouping<eviction::lru>> driver{pages};
    std::map<page_id, std::uint64_t> session_of;
    std::uint64_t leaving = 0;
    for (int i = 0; i < 20'000; ++i) {
      const auto page = to_page(rng() % pages);
      const auto choice = rng() % 8;
      if (choice < 3) {
        std::set<std::uint64_t> eligible_sessions;
        for (const auto& [each, session] : session_of) {
          if (driver.is_eligible(each)) eligible_sessions.insert(session);
        }
        const auto victim = driver.evict();
        ASSERT_EQ(victim.has_value(), !eligible_sessions.empty());
        if (!victim) continue;
        if (leaving != 0 && eligible_sessions.contains(leaving)) {
          ASSERT_EQ(session_of[*victim], leaving) << "at step " << i;
        }
        leaving = session_of[*victim];
        session_of.erase(*victim);
      } else if (choice == 3 && driver.tracks(page)) {
        driver.set_eligible(page, !driver.is_eligible(page));
      } else if (choice == 4 && driver.tracks(page)) {
        driver.erase(page);
        session_of.erase(page);
      } else {
        auto access = driver.access(page);
        const auto session = rng() % 9;
        access.session = session_id{session};
        const bool is_new = !driver.tracks(page);
        is_new ? driver.insert(page, access) : driver.policy.touch(page, access);
        if (is_new || session != 0) session_of[page] = session;
        if (session == leaving) leaving = 0;
      }
      std::set<std::uint64_t> sessions;
      for (const auto& [each, session] : session_of) {
        if (session != 0) sessions.insert(session);
      }
      ASSERT_EQ(driver.policy.sessions(), sessions.size()) << "at step " << i;
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
