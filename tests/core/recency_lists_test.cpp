// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/core/recency_lists.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

// The same in one list that is searched.
struct naive_lists {
  struct entry {
    page_id page;
    std::size_t list;
    bool shown;
  };

  [[nodiscard]] std::list<entry>::iterator find(page_id page) {
    return std::find_if(order.begin(), order.end(), [&](const entry& e) { return e.page == page; });
  }
  // The first page of `list` from `start` on, among those shown or among all.
  template <class Iterator>
  [[nodiscard]] std::optional<page_id> first(Iterator start, std::size_t list, bool all) {
    const auto found = std::find_if(
        start, order.end(), [&](const entry& e) { return e.list == list && (all || e.shown); });
    if (found == order.end()) return std::nullopt;
    return found->page;
  }
  [[nodiscard]] std::size_t size(std::size_t list) const {
    return static_cast<std::size_t>(
        std::count_if(order.begin(), order.end(), [&](const entry& e) { return e.list == list; }));
  }

  std::list<entry> order;  // oldest first
};

template <std::size_t Lists, bool FindsHidden>
class checked_lists {
 public:
  explicit checked_lists(std::size_t pages) : lists_{pages} {}

  void step(std::uint32_t operation, page_id page, std::size_t list) {
    const auto at = naive_.find(page);
    if (operation == 6) {
      const auto expected = naive_.first(naive_.order.begin(), list, false);
      EXPECT_EQ(lists_.take_oldest(list), expected);
      if (expected) naive_.order.erase(naive_.find(*expected));
      return;
    }
    if (at == naive_.order.end()) {
      if (operation % 2 == 0) {
        lists_.push_back(page, list);
        naive_.order.push_back({page, list, true});
      } else {
        lists_.push_front(page, list);
        naive_.order.push_front({page, list, true});
      }
      return;
    }
    switch (operation) {
      case 0:
      case 1:
        lists_.erase(page);
        naive_.order.erase(at);
        break;
      case 2:
        lists_.move_to_back(page);
        naive_.order.splice(naive_.order.end(), naive_.order, at);
        break;
      case 3:
        lists_.move_to_back(page, list);
        at->list = list;
        naive_.order.splice(naive_.order.end(), naive_.order, at);
        break;
      default: at->shown ? lists_.hide(page) : lists_.show(page); at->shown = !at->shown;
    }
  }

  [[nodiscard]] bool agrees(page_id page, std::size_t list) {
    const auto at = naive_.find(page);
    if (lists_.contains(page) != (at != naive_.order.end())) return false;
    if (lists_.size(list) != naive_.size(list)) return false;
    if (lists_.oldest(list) != naive_.first(naive_.order.begin(), list, false)) return false;
    if (at != naive_.order.end()) {
      if (lists_.list_of(page) != at->list) return false;
      if (lists_.oldest_from(page) != naive_.first(at, at->list, false)) return false;
    }
    if constexpr (FindsHidden) {
      if (lists_.oldest_of_all(list) != naive_.first(naive_.order.begin(), list, true))
        return false;
      if (at == naive_.order.end()) return true;
      return lists_.next(page) == naive_.first(std::next(at), at->list, true);
    }
    return true;
  }

 private:
  recency_lists<Lists, FindsHidden> lists_;
  naive_lists naive_;
};

// Random steps of which each thousand prefers other operations and other pages, so that the ring is
// driven hard from either end, full and nearly empty.
template <std::size_t Lists, bool FindsHidden>
void agrees_with_a_list(std::size_t pages, std::uint32_t seed, int steps) {
  std::mt19937 rng{seed};
  checked_lists<Lists, FindsHidden> checked{pages};
  std::array<std::uint32_t, 7> weights{};
  std::size_t preferred = pages;
  for (int i = 0; i < steps; ++i) {
    if (i % 1'000 == 0) {
      for (auto& weight : weights) weight = rng() % 3 == 0 ? 0 : 1 + rng() % 8;
      weights[rng() % weights.size()] += 1;
      preferred = 1 + rng() % pages;
    }
    std::discrete_distribution<std::uint32_t> operation{weights.begin(), weights.end()};
    const auto page = to_page(rng() % (rng() % 16 == 0 ? pages : preferred));
    checked.step(operation(rng), page, rng() % Lists);
    ASSERT_TRUE(checked.agrees(to_page(rng() % pages), rng() % Lists))
        << pages << " pages, seed " << seed << ", step " << i;
  }
}

TEST(recency_lists, agree_with_a_list_that_is_searched_for_every_number_of_pages) {
  for (std::size_t pages = 1; pages <= 200; pages += pages < 70 ? 1 : 13) {
    agrees_with_a_list<1, false>(pages, static_cast<std::uint32_t>(pages), 10'000);
    if (HasFailure()) return;
  }
}

TEST(recency_lists, agree_with_a_list_that_is_searched_for_many_seeds) {
  for (std::uint32_t seed = 1'000; seed < 1'060; ++seed) {
    agrees_with_a_list<1, true>(1 + seed % 40, seed, 6'000);
    agrees_with_a_list<3, true>(1 + seed % 40, seed, 6'000);
    if (HasFailure()) return;
  }
}

TEST(recency_lists, keep_one_order_of_all_pages_across_lists) {
  recency_lists<2> lists{4};
  for (std::size_t page = 0; page < 4; ++page) lists.push_back(to_page(page), page % 2);
  lists.move_to_back(page_id{0}, 1);
  EXPECT_EQ(lists.oldest(0), page_id{2});
  EXPECT_EQ(lists.oldest(1), page_id{1});
  EXPECT_EQ(lists.size(0), 1U);
  EXPECT_EQ(lists.size(1), 3U);
}

#ifndef NDEBUG
TEST(recency_lists_death, a_page_is_in_one_list) {
  recency_lists<2> lists{2};
  lists.push_back(page_id{0}, 0);
  EXPECT_DEATH(lists.push_back(page_id{0}, 1), "contains");
  EXPECT_DEATH(lists.push_front(page_id{0}, 1), "contains");
  EXPECT_DEATH(lists.erase(page_id{1}), "contains");
}
#endif

}  // namespace
}  // namespace kvfolio::test
