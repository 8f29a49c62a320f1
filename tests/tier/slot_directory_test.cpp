// SPDX-License-Identifier: Apache-2.0
#include <list>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include <kvfolio/tier/slot_directory.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using tier::slot_directory;
using tier::store_key;

TEST(slot_directory, fills_the_first_free_slot_and_then_that_used_least_recently) {
  slot_directory directory{3};
  const auto key = [](std::uint64_t name) { return store_key{{name, name}}; };
  EXPECT_EQ(directory.take(key(10)), 0U);
  EXPECT_EQ(directory.take(key(11)), 1U);
  EXPECT_EQ(directory.take(key(12)), 2U);
  directory.erase(1);
  EXPECT_EQ(directory.take(key(13)), 1U);
  directory.touch(0);
  EXPECT_EQ(directory.take(key(14)), 2U);
  EXPECT_EQ(directory.find(key(12)), std::nullopt);
  EXPECT_EQ(directory.size(), 3U);
}

TEST(slot_directory, keys_that_look_the_same_to_its_index_are_not_mistaken_for_each_other) {
  slot_directory directory{3};
  const store_key one{{1, 1}};
  const store_key other{{1, 2}};
  directory.take(one);
  EXPECT_EQ(directory.find(other), std::nullopt);
  const auto slot = directory.take(other);
  EXPECT_EQ(directory.find(other), slot);
  EXPECT_EQ(directory.find(one), std::nullopt);
  EXPECT_EQ(directory.size(), 1U);
}

TEST(slot_directory, agrees_with_a_list_and_a_map) {
  for_each_seed([](std::mt19937& rng) {
    static constexpr std::size_t slots = 7;
    slot_directory directory{slots};
    std::list<std::uint64_t> recency;  // the oldest first
    std::map<std::uint64_t, std::size_t> places;
    for (int i = 0; i < 3000; ++i) {
      const std::uint64_t name = rng() % 15;
      const store_key key{{name, ~name}};
      const auto found = directory.find(key);
      ASSERT_EQ(found.has_value(), places.contains(name));
      if (!found) {
        if (recency.size() == slots) {
          places.erase(recency.front());
          recency.pop_front();
        }
        const auto slot = directory.take(key);
        for (const auto& [other, place] : places) ASSERT_NE(place, slot) << other;
        places[name] = slot;
        recency.push_back(name);
      } else {
        ASSERT_EQ(*found, places[name]);
        recency.remove(name);
        if (rng() % 4 == 0) {
          directory.erase(*found);
          places.erase(name);
        } else {
          directory.touch(*found);
          recency.push_back(name);
        }
      }
      ASSERT_EQ(directory.size(), places.size());
    }
  });
}

}  // namespace
}  // namespace kvfolio::test
