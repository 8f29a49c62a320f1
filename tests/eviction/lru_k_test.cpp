// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/eviction/lru_k.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

using eviction::lru_k;

INSTANTIATE_TYPED_TEST_SUITE_P(lru_k, eviction_conformance, lru_k<>);

TEST(lru_k, pages_of_fewer_uses_leave_first_and_of_those_the_oldest) {
  policy_driver<lru_k<2>> driver{3};
  for (std::size_t page = 0; page < 3; ++page) driver.insert(to_page(page));
  driver.touch(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(lru_k, a_use_before_the_page_left_counts_while_its_key_is_remembered) {
  for (const std::size_t history : {0U, 1U}) {
    policy_driver<lru_k<2>> driver{2, lru_k<2>{2, history}};
    driver.insert(page_id{0});
    EXPECT_EQ(driver.evict(), page_id{0});
    driver.insert(page_id{0});
    driver.insert(page_id{1});
    EXPECT_EQ(driver.evict(), page_id{history == 0 ? 0U : 1U});
  }
}

// The policy's text, with the times of all uses kept for ever.
struct naive_lru_2 {
  explicit naive_lru_2(std::size_t /*pages*/) {}
  void use(content_key key) { uses[key].push_back(++now); }
  void miss(content_key key) { use(key); }
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    using standing = std::pair<int, int>;
    std::optional<std::pair<standing, page_id>> first;
    for (const auto& [page, key] : key_of) {
      const auto& times = uses[key];
      const standing rank{times.size() < 2 ? 0 : times[times.size() - 2], times.back()};
      if (eligible(page) && (!first || rank < first->first)) first = {rank, page};
    }
    if (!first) return std::nullopt;
    erase(first->second);
    return first->second;
  }
  void insert(page_id page, content_key key) { key_of[page] = key; }
  void touch(page_id page) { use(key_of[page]); }
  void erase(page_id page) { key_of.erase(page); }

  int now = 0;
  std::map<content_key, std::vector<int>> uses;
  std::map<page_id, content_key> key_of;
};

TEST(lru_k, agrees_with_times_that_are_searched) {
  agrees_with_model<naive_lru_2>([](std::size_t pages) { return lru_k<2>{pages, 3 * pages + 2}; });
}

TEST(lru_k, of_one_use_it_is_lru) {
  struct naive_lru {
    explicit naive_lru(std::size_t /*pages*/) {}
    void miss(content_key /*key*/) {}
    std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
      const auto victim = oldest(order, eligible);
      if (victim) order.remove(*victim);
      return victim;
    }
    void insert(page_id page, content_key /*key*/) { order.push_back(page); }
    void touch(page_id page) { move_to_back(order, order, page); }
    void erase(page_id page) { order.remove(page); }
    page_list order;
  };
  agrees_with_model<naive_lru>([](std::size_t pages) { return lru_k<1>{pages, 0}; });
}

}  // namespace
}  // namespace kvfolio::test
