// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/core/math.hpp>
#include <kvfolio/prefix/waiting_order.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using prefix::admission;
using order = prefix::waiting_order<std::uint64_t>;
using positions = std::vector<std::uint32_t>;

// Prompts given as their pages, of which each names what it holds alone.
class waiting_queue {
 public:
  void add(const std::vector<int>& pages, std::size_t cached = 0, std::uint32_t passed_over = 0) {
    auto& keys = keys_.emplace_back();
    std::uint64_t key = 1;
    for (const auto page : pages) {
      keys.push_back(key = mix_bits(key * 31 + static_cast<std::uint64_t>(page)));
    }
    requests_.push_back({.cached_pages = cached, .passed_over = passed_over});
  }
  [[nodiscard]] std::span<const order::request> all() {
    for (std::size_t i = 0; i < keys_.size(); ++i) requests_[i].keys = keys_[i];
    return requests_;
  }
  [[nodiscard]] positions by(admission rule, std::uint32_t patience = 64) {
    order arrange{rule, patience};
    const auto made = arrange(all());
    return {made.begin(), made.end()};
  }

 private:
  std::vector<std::vector<std::uint64_t>> keys_;
  std::vector<order::request> requests_;
};

TEST(waiting_order, first_come_is_first_served) {
  waiting_queue queue;
  EXPECT_TRUE(queue.by(admission::first_come).empty());
  queue.add({1}, 0);
  queue.add({2}, 1);
  queue.add({3}, 0, 1'000);
  EXPECT_EQ(queue.by(admission::first_come), (positions{0, 1, 2}));
}

TEST(waiting_order, the_longest_cached_prefix_goes_first_and_of_equals_who_came_first) {
  waiting_queue queue;
  queue.add({1, 2, 3}, 0);
  queue.add({4, 5, 6}, 2);
  queue.add({7, 8, 9}, 3);
  queue.add({10, 11, 12}, 2);
  EXPECT_EQ(queue.by(admission::longest_prefix), (positions{2, 1, 3, 0}));
}

TEST(waiting_order, a_page_that_several_want_is_computed_by_the_first_and_found_by_the_others) {
  waiting_queue queue;
  queue.add({1, 2, 3}, 1);
  queue.add({1, 2, 4}, 1);  // the same second page
  queue.add({1, 5}, 1);
  queue.add({9, 2}, 0);
  queue.add({1}, 1);  // wants none
  queue.add({1}, 1);
  EXPECT_EQ(queue.by(admission::longest_prefix), (positions{0, 2, 4, 5, 3, 1}));
}

TEST(waiting_order, depth_first_visits_the_heaviest_branch_first_and_ends_it) {
  waiting_queue queue;
  queue.add({1, 2}, 2);
  queue.add({4, 5}, 0);
  queue.add({5, 8}, 2);
  queue.add({5, 6}, 2);
  queue.add({1, 3}, 2);
  queue.add({5, 6, 7}, 3);
  queue.add({5, 6, 9}, 3);
  queue.add({4, 5}, 0);
  // Four begin with 5, two with 1, and two with nothing that is cached; of the four, three go on
  // with 6, of which one ends there.
  EXPECT_EQ(queue.by(admission::depth_first), (positions{5, 6, 3, 2, 0, 4, 1, 7}));
}

TEST(waiting_order, who_was_passed_over_too_often_goes_first_whatever_the_rule) {
  for (const auto rule : {admission::longest_prefix, admission::depth_first}) {
    waiting_queue queue;
    queue.add({1, 2}, 0, 2);
    queue.add({3, 4}, 2);
    queue.add({3, 4, 5}, 2);
    queue.add({6}, 0, 3);
    queue.add({7}, 0, 4);
    EXPECT_EQ(queue.by(rule, 3), (positions{3, 4, 1, 2, 0}));
  }
}

// What `depth_first` says, one page after the other.
void visit(std::span<const order::request> queue, const positions& all, std::size_t depth,
           positions& out) {
  std::map<std::uint64_t, positions> branches;
  positions ends;
  for (const auto each : all) {
    if (queue[each].cached_pages == depth) {
      ends.push_back(each);
    } else {
      branches[queue[each].keys[depth]].push_back(each);
    }
  }
  std::vector<positions> sorted;
  for (auto& [key, branch] : branches) sorted.push_back(std::move(branch));
  std::sort(sorted.begin(), sorted.end(), [](const positions& a, const positions& b) {
    return a.size() != b.size() ? a.size() > b.size() : a.front() < b.front();
  });
  for (const auto& branch : sorted) visit(queue, branch, depth + 1, out);
  out.insert(out.end(), ends.begin(), ends.end());
}

TEST(waiting_order, depth_first_agrees_with_a_walk_of_the_tree) {
  for_each_seed([](std::mt19937& rng) {
    for (int round = 0; round < 50; ++round) {
      waiting_queue queue;
      positions all;
      const std::size_t count = rng() % 40;
      for (std::uint32_t i = 0; i < count; ++i) {
        std::vector<int> pages(rng() % 12);
        for (auto& page : pages) page = rng() % 4 == 0 ? 1 : 0;
        queue.add(pages, pages.empty() ? 0 : rng() % (pages.size() + 1));
        all.push_back(i);
      }
      positions expected;
      visit(queue.all(), all, 0, expected);
      ASSERT_EQ(queue.by(admission::depth_first), expected);
    }
  });
}

TEST(waiting_order, nobody_is_passed_over_more_often_than_allowed) {
  for_each_seed([](std::mt19937& rng) {
    for (const auto rule : {admission::longest_prefix, admission::depth_first}) {
      constexpr std::uint32_t patience = 5;
      order arrange{rule, patience};
      std::vector<std::vector<std::uint64_t>> keys;
      std::vector<order::request> queue;
      for (int round = 0; round < 500; ++round) {
        // One arrives and one leaves; the queue is never empty.
        const auto arrivals = queue.size() < 20 ? 2 : 1;
        for (int i = 0; i < arrivals; ++i) {
          keys.push_back({rng() % 8, rng() + 8ULL});
          queue.push_back({.cached_pages = rng() % 3});
        }
        for (std::size_t i = 0; i < queue.size(); ++i) queue[i].keys = keys[i];
        const auto next = static_cast<std::ptrdiff_t>(arrange(queue).front());
        for (std::ptrdiff_t i = 0; i < next; ++i) ++queue[static_cast<std::size_t>(i)].passed_over;
        queue.erase(queue.begin() + next);
        keys.erase(keys.begin() + next);
        for (const auto& each : queue) ASSERT_LE(each.passed_over, patience);
      }
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
