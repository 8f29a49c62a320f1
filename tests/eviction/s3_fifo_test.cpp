// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <list>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/eviction/s3_fifo.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

using eviction::s3_fifo;

INSTANTIATE_TYPED_TEST_SUITE_P(s3_fifo, eviction_conformance, s3_fifo);

TEST(s3_fifo, a_page_used_once_since_it_came_leaves_and_one_used_twice_goes_on) {
  policy_driver<s3_fifo> driver{3};
  for (std::size_t page = 0; page < 3; ++page) driver.insert(to_page(page));
  driver.touch(page_id{0});
  driver.touch(page_id{0});
  driver.touch(page_id{1});
  EXPECT_EQ(driver.evict(), page_id{1});
  EXPECT_EQ(driver.evict(), page_id{2});
  EXPECT_EQ(driver.evict(), page_id{0});
}

TEST(s3_fifo, in_the_main_queue_each_use_is_worth_a_round) {
  policy_driver<s3_fifo> driver{3};
  for (const std::size_t page : {0U, 1U}) {  // keys that come back start in the main queue
    driver.insert(to_page(page));
    EXPECT_EQ(driver.evict(), to_page(page));
  }
  driver.insert(page_id{0});
  driver.insert(page_id{1});
  for (int i = 0; i < 9; ++i) driver.touch(page_id{0});
  EXPECT_EQ(driver.evict(), page_id{1});
  driver.insert(page_id{2});
  EXPECT_EQ(driver.evict(), page_id{2}) << "the only one in the small queue";
  EXPECT_EQ(driver.evict(), page_id{0});
}

// The policy's text, in lists that are searched.
struct naive_s3_fifo {
  explicit naive_s3_fifo(std::size_t pages) : all{pages} {}
  void miss(content_key key) {
    const auto found = std::find(left.begin(), left.end(), key);
    comes_back = found != left.end();
    if (comes_back) left.erase(found);
  }
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    bool of_main = main.size() > all - all / 10 || small.empty();
    for (int steps = 0; steps < 3; ++steps, of_main = !of_main) {
      const auto victim = of_main ? main_step(eligible) : small_step(eligible);
      if (victim) return victim;
    }
    return std::nullopt;
  }
  void insert(page_id page, content_key key) {
    (comes_back ? main : small).push_back(page);
    key_of[page] = key;
    uses[page] = 0;
  }
  void touch(page_id page) { uses[page] = std::min(uses[page] + 1, 3); }
  void erase(page_id page) {
    small.remove(page);
    main.remove(page);
  }

  std::optional<page_id> main_step(const predicate& eligible) {
    while (const auto page = oldest(main, eligible)) {
      if (uses[*page] == 0) {
        main.remove(*page);
        return page;
      }
      --uses[*page];
      move_to_back(main, main, *page);
    }
    return std::nullopt;
  }
  std::optional<page_id> small_step(const predicate& eligible) {
    while (const auto page = oldest(small, eligible)) {
      if (uses[*page] < 2) {
        small.remove(*page);
        left.push_back(key_of[*page]);
        if (left.size() > 9 * all / 10) left.pop_front();
        return page;
      }
      uses[*page] = 0;
      move_to_back(small, main, *page);
    }
    return std::nullopt;
  }

  std::size_t all;
  bool comes_back = false;
  page_list small;
  page_list main;
  std::list<content_key> left;
  std::map<page_id, content_key> key_of;
  std::map<page_id, int> uses;
};

TEST(s3_fifo, agrees_with_lists_that_are_searched) {
  agrees_with_model<s3_fifo, naive_s3_fifo>();
}

}  // namespace
}  // namespace kvfolio::test
