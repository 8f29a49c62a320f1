// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/eviction/two_q.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

using eviction::two_q;

INSTANTIATE_TYPED_TEST_SUITE_P(two_q, eviction_conformance, two_q);

// Wants `key` with no free page but the victim's, and returns the victim.
std::optional<page_id> replace(policy_driver<two_q>& driver, std::uint64_t key) {
  const auto access = driver.access(content_key{key});
  driver.policy.miss(access);
  const auto victim = driver.evict(access);
  if (victim) driver.insert(*victim, access);
  return victim;
}

TEST(two_q, a_use_in_the_queue_counts_for_nothing) {
  policy_driver<two_q> driver{2};
  driver.insert(page_id{0});
  driver.insert(page_id{1});
  driver.touch(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(two_q, a_key_that_comes_back_soon_outlives_newcomers) {
  policy_driver<two_q> driver{4};
  for (std::size_t page = 0; page < 4; ++page) driver.insert(to_page(page));
  EXPECT_EQ(replace(driver, 10), page_id{0});
  EXPECT_EQ(replace(driver, 0), page_id{1}) << "key 0 comes back, and stays in page 1";
  for (const std::size_t page : {2U, 3U, 0U, 2U, 3U, 0U}) {
    EXPECT_EQ(replace(driver, 20 + page), to_page(page));
  }
}

TEST(two_q, without_history_no_key_comes_back) {
  policy_driver<two_q> driver{4, two_q{4, 0}};
  for (std::size_t page = 0; page < 4; ++page) driver.insert(to_page(page));
  for (std::uint64_t key = 10; key < 30; ++key) {
    EXPECT_EQ(replace(driver, key % 5), to_page((key - 10) % 4));
  }
}

// The policy's text, in lists that are searched.
struct naive_two_q {
  explicit naive_two_q(std::size_t pages) : all{pages} {}
  void miss(content_key key) {
    const auto found = std::find(left.begin(), left.end(), key);
    comes_back = found != left.end();
    if (comes_back) left.erase(found);
  }
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    const bool shrink_queue = queue.size() > all / 4;
    auto victim = oldest(shrink_queue ? queue : again, eligible);
    if (!victim) victim = oldest(shrink_queue ? again : queue, eligible);
    if (!victim) return victim;
    if (contains(queue, *victim)) {
      left.push_back(key_of[*victim]);
      if (left.size() > all / 2) left.pop_front();
    }
    erase(*victim);
    return victim;
  }
  void insert(page_id page, content_key key) {
    (comes_back ? again : queue).push_back(page);
    key_of[page] = key;
  }
  void touch(page_id page) {
    if (contains(again, page)) move_to_back(again, again, page);
  }
  void erase(page_id page) {
    queue.remove(page);
    again.remove(page);
  }

  std::size_t all;
  bool comes_back = false;
  page_list queue;
  page_list again;
  std::list<content_key> left;
  std::map<page_id, content_key> key_of;
};

TEST(two_q, agrees_with_lists_that_are_searched) {
  agrees_with_model<two_q, naive_two_q>();
}

}  // namespace
}  // namespace kvfolio::test
