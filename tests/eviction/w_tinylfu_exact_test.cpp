// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>

#include <gtest/gtest.h>

#include <kvfolio/eviction/w_tinylfu_exact.hpp>

#include "../conformance/eviction_conformance.hpp"
#include "../support/policy_model.hpp"

namespace kvfolio::test {
namespace {

using eviction::w_tinylfu_exact;

INSTANTIATE_TYPED_TEST_SUITE_P(w_tinylfu_exact, eviction_conformance, w_tinylfu_exact);

// Wants `key` with no free page but the victim's, and returns the victim.
std::optional<page_id> replace(policy_driver<w_tinylfu_exact>& driver, std::uint64_t key) {
  const auto access = driver.access(content_key{key});
  driver.policy.miss(access);
  const auto victim = driver.evict(access);
  if (victim) driver.insert(*victim, access);
  return victim;
}

TEST(w_tinylfu_exact, a_scan_passes_through_the_window_alone) {
  policy_driver<w_tinylfu_exact> driver{4};
  for (std::size_t page = 0; page < 4; ++page) driver.insert(to_page(page));
  for (std::uint64_t key = 10; key < 20; ++key) EXPECT_EQ(replace(driver, key), page_id{3});
}

TEST(w_tinylfu_exact, a_key_that_comes_more_often_than_another_takes_its_page) {
  policy_driver<w_tinylfu_exact> driver{4};
  for (std::size_t page = 0; page < 4; ++page) driver.insert(to_page(page));
  EXPECT_EQ(replace(driver, 10), page_id{3});
  EXPECT_EQ(replace(driver, 11), page_id{3});
  EXPECT_EQ(replace(driver, 10), page_id{3}) << "key 10 is in the window, for the second time";
  EXPECT_EQ(replace(driver, 12), page_id{0}) << "and wins over key 0, which came once";
}

TEST(w_tinylfu_exact, without_history_a_key_that_left_starts_from_nothing) {
  policy_driver<w_tinylfu_exact> driver{4, w_tinylfu_exact{4, 0}};
  for (std::size_t page = 0; page < 4; ++page) driver.insert(to_page(page));
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(replace(driver, 10), page_id{3});
    EXPECT_EQ(replace(driver, 11), page_id{3});
  }
}

// The policy's text, in lists that are searched and counts that are kept for ever.
struct naive_w_tinylfu {
  explicit naive_w_tinylfu(std::size_t pages)
      : sample{10 * pages},
        window_pages{std::max<std::size_t>(1, pages / 100)},
        protected_pages{4 * (pages - window_pages) / 5} {}

  void count(content_key key) {
    counts[key] = std::min(counts[key] + 1, 15);
    if (++counted % sample != 0) return;
    for (auto& [counted_key, count] : counts) count /= 2;
  }

  void miss(content_key key) { count(key); }

  std::optional<page_id> evict(content_key /*key*/, const predicate& eligible) {
    const auto newest = oldest(window, eligible);
    const auto candidate = window.size() >= window_pages ? newest : std::nullopt;
    auto victim = oldest(probation, eligible);
    if (!victim) victim = oldest(guarded, eligible);
    if (candidate && victim) {
      if (counts[key_of[*candidate]] > counts[key_of[*victim]]) {
        move_to_back(window, probation, *candidate);
      } else {
        victim = candidate;
      }
    } else if (!victim) {
      victim = newest;
    }
    if (victim) erase(*victim);
    return victim;
  }

  void insert(page_id page, content_key key) {
    while (window.size() >= window_pages) move_to_back(window, probation, window.front());
    window.push_back(page);
    key_of[page] = key;
  }

  void touch(page_id page) {
    count(key_of[page]);
    if (contains(window, page)) return move_to_back(window, window, page);
    probation.remove(page);
    move_to_back(guarded, guarded, page);
    if (guarded.size() > protected_pages) move_to_back(guarded, probation, guarded.front());
  }

  void erase(page_id page) {
    for (auto* list : {&window, &probation, &guarded}) list->remove(page);
  }

  std::size_t sample;
  std::size_t window_pages;
  std::size_t protected_pages;
  std::size_t counted = 0;
  page_list window;
  page_list probation;
  page_list guarded;
  std::map<content_key, int> counts;
  std::map<page_id, content_key> key_of;
};

TEST(w_tinylfu_exact, agrees_with_lists_that_are_searched) {
  agrees_with_model<naive_w_tinylfu>([](std::size_t pages) {
    return w_tinylfu_exact{pages, 3 * pages + 2};
  });
}

TEST(w_tinylfu_exact, needs_no_more_history_than_four_halvings_last) {
  // Keys that come back now and then, among many that do not.
  const auto scan = [fresh = 1'000'000U](std::mt19937& rng, std::size_t pages) mutable {
    if (rng() % 2 == 0) return content_key{++fresh};
    return content_key{rng() % (4 * pages)};
  };
  const auto made = [](std::size_t pages) { return w_tinylfu_exact{pages, 40 * pages}; };
  agrees_with_model<naive_w_tinylfu>(made, scan);
}

}  // namespace
}  // namespace kvfolio::test
