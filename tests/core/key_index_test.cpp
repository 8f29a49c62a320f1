// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <map>

#include <gtest/gtest.h>

#include <kvfolio/core/key_index.hpp>

#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

// Keys that come close together, and keys that differ in few bits, high or low.
TEST(key_index, agrees_with_a_map) {
  static constexpr std::size_t pages = 60;
  for (const int shift : {0, 1, 20, 32, 57}) {
    for_each_seed([shift](std::mt19937& rng) {
      key_index index{pages};
      std::map<content_key, page_id> naive;
      std::map<page_id, content_key> keys;
      const auto any_key = [&] { return content_key{std::uint64_t{rng() % 100} << shift}; };
      for (int i = 0; i < 30'000; ++i) {
        const auto key = any_key();
        const auto page = to_page(rng() % pages);
        if (keys.contains(page)) {
          ASSERT_EQ(index.key_of(page), keys.at(page));
          index.erase(page);
          naive.erase(keys.at(page));
          keys.erase(page);
        } else if (!naive.contains(key)) {
          index.insert(key, page);
          naive.emplace(key, page);
          keys.emplace(page, key);
        }
        ASSERT_EQ(index.contains(page), keys.contains(page));
        const auto other = any_key();
        index.prefetch(other);
        const auto found = naive.find(other);
        ASSERT_EQ(index.find(other),
                  found == naive.end() ? std::nullopt : std::optional{found->second})
            << "shift " << shift << ", step " << i;
      }
    });
  }
}

TEST(key_index, notes_outlive_keys_and_a_small_table_finds_all_of_them) {
  noted_key_index<int> index{100, 3};
  for (std::uint64_t i = 0; i < 100; ++i) {
    index.note(to_page(i)) = static_cast<int>(i);
    index.insert(content_key{i << 20U}, to_page(i));
  }
  for (std::uint64_t i = 0; i < 100; ++i) ASSERT_EQ(index.find(content_key{i << 20U}), to_page(i));
  for (std::uint64_t i = 0; i < 100; ++i) index.erase(to_page(i));
  for (std::uint64_t i = 0; i < 100; ++i) ASSERT_EQ(index.note(to_page(i)), static_cast<int>(i));
  static_assert(sizeof(noted_key_index<no_note>) == sizeof(key_index));
}

TEST(key_index, of_no_pages_finds_nothing) {
  const key_index index{0};
  EXPECT_EQ(index.find(content_key{}), std::nullopt);
}

#ifndef NDEBUG
TEST(key_index_death, a_page_has_one_key_and_a_key_has_one_page) {
  key_index index{2};
  index.insert(content_key{5}, page_id{0});
  EXPECT_DEATH(index.insert(content_key{6}, page_id{0}), "contains");
  EXPECT_DEATH(index.insert(content_key{5}, page_id{1}), "find");
  EXPECT_DEATH(index.erase(page_id{1}), "contains");
}
#endif

}  // namespace
}  // namespace kvfolio::test
