// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/eviction/lirs.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

using eviction::lirs;

INSTANTIATE_TYPED_TEST_SUITE_P(lirs, eviction_conformance, lirs);

// Wants `key` with no free page but the victim's, and returns the victim.
std::optional<page_id> replace(policy_driver<lirs>& driver, std::uint64_t key) {
  const auto access = driver.access(content_key{key});
  driver.policy.miss(access);
  const auto victim = driver.evict(access);
  if (victim) driver.insert(*victim, access);
  return victim;
}

TEST(lirs, a_scan_passes_through_the_queue_alone) {
  policy_driver<lirs> driver{4};
  for (std::size_t page = 0; page < 4; ++page) driver.insert(to_page(page));
  for (std::uint64_t key = 10; key < 30; ++key) EXPECT_EQ(replace(driver, key), page_id{3});
}

TEST(lirs, a_key_that_comes_back_before_the_oldest_close_page_takes_its_place) {
  policy_driver<lirs> driver{4};
  for (std::size_t page = 0; page < 4; ++page) driver.insert(to_page(page));
  EXPECT_EQ(replace(driver, 10), page_id{3});
  EXPECT_EQ(replace(driver, 3), page_id{3}) << "key 3 is close now";
  EXPECT_EQ(replace(driver, 11), page_id{0}) << "and page 0 is queued";
}

TEST(lirs, a_queued_page_used_again_is_close) {
  policy_driver<lirs> driver{4};
  for (std::size_t page = 0; page < 4; ++page) driver.insert(to_page(page));
  driver.touch(page_id{3});
  EXPECT_EQ(driver.evict(), page_id{0});
}

// The paper's stack and queue, as they are drawn.
struct naive_lirs {
  explicit naive_lirs(std::size_t pages)
      : close_pages{pages - std::max<std::size_t>(1, pages / 100)} {}

  struct entry {
    bool close = false;
    std::optional<page_id> page;  // none: it left
  };

  void miss(content_key key) {
    const auto found = state.find(key);
    comes_back = found != state.end();
    if (comes_back) remove(key);
    prune();
  }
  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    auto victim = oldest(queue, eligible);
    for (const auto key : stack) {
      if (victim) break;
      const auto& at = state[key];
      if (at.close && eligible(*at.page)) victim = at.page;
    }
    if (!victim) return victim;
    queue.remove(*victim);
    const auto key = key_of[*victim];
    if (state.contains(key)) state[key] = {};
    prune();
    return victim;
  }
  void insert(page_id page, content_key key) {
    key_of[page] = key;
    const bool close = close_pages > 0 && (comes_back || close_count() < close_pages);
    put(key, page, close);
  }
  void touch(page_id page) {
    const auto key = key_of[page];
    const bool was_in_stack = state.contains(key);
    queue.remove(page);
    if (was_in_stack) remove(key);
    put(key, page, was_in_stack);
  }
  void erase(page_id page) {
    queue.remove(page);
    if (state.contains(key_of[page])) remove(key_of[page]);
    prune();
  }

  void put(content_key key, page_id page, bool close) {
    stack.push_back(key);
    state[key] = {close, page};
    if (!close) queue.push_back(page);
    prune();
    if (close_count() <= close_pages) return;
    auto& bottom = state[stack.front()];
    bottom.close = false;
    queue.push_back(*bottom.page);
    prune();
  }
  void remove(content_key key) {
    stack.remove(key);
    state.erase(key);
  }
  void prune() {
    while (!stack.empty() && !state[stack.front()].close) remove(stack.front());
  }
  [[nodiscard]] std::size_t close_count() const {
    return static_cast<std::size_t>(std::count_if(
        state.begin(), state.end(), [](const auto& each) { return each.second.close; }));
  }

  std::size_t close_pages;
  bool comes_back = false;
  std::list<content_key> stack;  // bottom first
  page_list queue;
  std::map<content_key, entry> state;  // of what is in the stack
  std::map<page_id, content_key> key_of;
};

TEST(lirs, agrees_with_a_stack_and_a_queue) {
  agrees_with_model<naive_lirs>([](std::size_t pages) { return lirs{pages, 3 * pages + 2}; });
}

}  // namespace
}  // namespace kvfolio::test
