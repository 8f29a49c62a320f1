// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <list>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/core/key_history.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

TEST(key_history, forgets_the_oldest_of_all_when_it_is_full) {
  key_history<2> history{3};
  history.remember(content_key{1}, 0);
  history.remember(content_key{2}, 1);
  history.remember(content_key{3}, 1);
  history.remember(content_key{4}, 1);
  EXPECT_FALSE(history.find(content_key{1}));
  EXPECT_EQ(history.size(0), 0U);
  EXPECT_EQ(history.size(1), 3U);
  history.remember(content_key{5}, 0);
  EXPECT_FALSE(history.find(content_key{2}));
}

TEST(key_history, of_no_keys_remembers_nothing) {
  key_history<2> history{0};
  EXPECT_EQ(history.remember(content_key{1}, 1), std::nullopt);
  EXPECT_FALSE(history.find(content_key{1}));
  history.forget_oldest(1);
  EXPECT_EQ(history.size(1), 0U);
}

TEST(key_history, a_slot_keeps_its_note_until_it_gets_another) {
  key_history<1, int> history{2, 1};  // more than is usual
  const auto one = *history.remember(content_key{1});
  const auto other = *history.remember(content_key{2});
  history.note(one) = 10;
  history.note(other) = 20;
  history.prefetch(content_key{1});
  EXPECT_EQ(history.note(*history.find(content_key{1})), 10);
  history.forget(one);
  EXPECT_EQ(history.remember(content_key{3}), one);
  EXPECT_EQ(history.note(one), 10);
  EXPECT_EQ(history.note(*history.find(content_key{2})), 20);
}

TEST(key_history, agrees_with_a_list_that_is_searched) {
  for (const std::size_t capacity : {1U, 2U, 30U}) {
    for_each_seed([capacity](std::mt19937& rng) {
      key_history<3> history{capacity};
      std::list<std::pair<content_key, std::size_t>> naive;  // oldest first, with the list
      const auto find = [&](content_key key) {
        return std::find_if(naive.begin(), naive.end(),
                            [&](const auto& entry) { return entry.first == key; });
      };
      for (int i = 0; i < 30'000; ++i) {
        const content_key key{rng() % (2 * capacity + 1)};
        const std::size_t list = rng() % 3;
        const auto known = find(key);
        const auto slot = history.find(key);
        ASSERT_EQ(slot.has_value(), known != naive.end()) << "at step " << i;
        if (rng() % 8 == 0) {
          const auto first = std::find_if(naive.begin(), naive.end(),
                                          [&](const auto& entry) { return entry.second == list; });
          if (first != naive.end()) naive.erase(first);
          history.forget_oldest(list);
        } else if (slot) {
          ASSERT_LT(*slot, capacity);
          ASSERT_EQ(history.list_of(*slot), known->second);
          history.forget(*slot);
          naive.erase(known);
        } else {
          if (naive.size() == capacity) naive.pop_front();
          naive.emplace_back(key, list);
          const auto taken = history.remember(key, list);
          ASSERT_EQ(taken, history.find(key));
        }
        for (std::size_t of = 0; of < 3; ++of) {
          const auto size = std::count_if(naive.begin(), naive.end(),
                                          [&](const auto& entry) { return entry.second == of; });
          ASSERT_EQ(history.size(of), static_cast<std::size_t>(size)) << "at step " << i;
        }
      }
    });
  }
}

}  // namespace
}  // namespace kvfolio::test
