// SPDX-License-Identifier: Apache-2.0
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/eviction/sieve.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(sieve, eviction_conformance, eviction::sieve);

TEST(sieve, a_visited_page_is_spared_in_its_place) {
  policy_driver<eviction::sieve> driver{4};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.touch(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
  driver.insert(page_id{3});
  EXPECT_EQ(driver.evict(), page_id{2}) << "the hand goes on from where it was";
  EXPECT_EQ(driver.evict(), page_id{3});
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(sieve, the_hand_begins_anew_after_the_youngest_page_left) {
  policy_driver<eviction::sieve> driver{3};
  for (const auto page : {page_id{0}, page_id{1}}) driver.insert(page);
  driver.touch(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
  driver.insert(page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0}) << "and not page 2, which came after";
}

TEST(sieve, an_ineligible_page_keeps_its_place_and_its_bit) {
  policy_driver<eviction::sieve> driver{3};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.touch(page_id{0});
  driver.set_eligible(page_id{0}, false);
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), page_id{2});
  driver.insert(page_id{1});
  driver.set_eligible(page_id{0}, true);
  EXPECT_EQ(driver.evict(), page_id{1}) << "page 0 still had its bit";
}

TEST(sieve, the_hand_may_wait_at_an_ineligible_page) {
  policy_driver<eviction::sieve> driver{3};
  for (const auto page : {page_id{0}, page_id{1}, page_id{2}}) driver.insert(page);
  driver.set_eligible(page_id{1}, false);
  EXPECT_EQ(driver.evict(), page_id{0});
  driver.set_eligible(page_id{1}, true);
  EXPECT_EQ(driver.evict(), page_id{1});
}

struct naive_sieve {
  explicit naive_sieve(std::size_t /*pages*/) {}
  void miss(content_key /*key*/) {}
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    if (!oldest(queue, eligible)) return std::nullopt;
    auto at = hand ? std::find(queue.begin(), queue.end(), *hand) : queue.begin();
    for (;;) {
      if (eligible(*at) && visited.erase(*at) == 0) break;
      if (++at == queue.end()) at = queue.begin();
    }
    const auto victim = *at;
    hand = victim;
    erase(victim);
    return victim;
  }
  void insert(page_id page, content_key /*key*/) { queue.push_back(page); }
  void touch(page_id page) { visited.insert(page); }
  void erase(page_id page) {
    const auto after = std::next(std::find(queue.begin(), queue.end(), page));
    if (hand == page) hand = after == queue.end() ? std::nullopt : std::optional{*after};
    queue.remove(page);
    visited.erase(page);
  }

  page_list queue;
  std::set<page_id> visited;
  std::optional<page_id> hand;
};

TEST(sieve, agrees_with_a_list_that_is_walked) {
  agrees_with_model<eviction::sieve, naive_sieve>();
}

}  // namespace
}  // namespace kvfolio::test
