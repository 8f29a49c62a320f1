// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/keyed_hash.hpp>

namespace kvfolio::test {
namespace {

using prefix::keyed_hash;
using tokens = std::vector<token_id>;

TEST(keyed_hash, scenario_22_the_number_of_tokens_is_part_of_what_is_hashed) {
  const keyed_hash hash{1};
  std::set<std::uint64_t> keys;
  for (std::size_t count = 0; count <= 40; ++count) keys.insert(hash.local(tokens(count)));
  EXPECT_EQ(keys.size(), 41U) << "zeros, more and more of them";
}

TEST(keyed_hash, every_token_counts_and_where_it_is) {
  const keyed_hash hash{1};
  for (const std::size_t count : {1U, 2U, 3U, 7U, 8U, 9U, 16U, 17U, 31U}) {
    std::set<std::uint64_t> keys{hash.local(tokens(count))};
    for (std::size_t place = 0; place < count; ++place) {
      for (const token_id value : {1, -1, 1 << 30}) {
        auto other = tokens(count);
        other[place] = value;
        EXPECT_TRUE(keys.insert(hash.local(other)).second) << place << " of " << count;
      }
    }
  }
}

TEST(keyed_hash, scenario_22_the_same_tokens_in_other_pages_have_another_key) {
  const keyed_hash hash{1};
  const tokens all{1, 2, 3, 4};
  const auto chained = [&](std::size_t first) {
    const auto one = hash.chain(realm_words{}, hash.local(std::span{all}.first(first)));
    return hash.chain(one, hash.local(std::span{all}.subspan(first)));
  };
  EXPECT_NE(chained(1), chained(2));
  EXPECT_NE(chained(2), chained(3));
  EXPECT_NE(chained(0), hash.chain(realm_words{}, hash.local(all))) << "an empty page is a page";
}

TEST(keyed_hash, scenario_27_pages_hashed_apart_chain_to_the_same_key) {
  const keyed_hash hash{3};
  const tokens first{1, 2};
  const tokens second{3, 4};
  const auto later = hash.local(second);
  const auto key = hash.chain(hash.chain(realm_words{1, 2, 3, 4}, hash.local(first)), later);
  const auto again = keyed_hash{3};
  EXPECT_EQ(
      again.chain(again.chain(realm_words{1, 2, 3, 4}, again.local(first)), again.local(second)),
      key);
}

TEST(keyed_hash, every_word_of_a_realm_counts_whatever_the_seed_and_the_salt) {
  for (const std::uint64_t seed : {0U, 1U, 7U, UINT32_MAX}) {
    const keyed_hash hash{seed};
    for (const std::uint64_t salt : {0U, 1U, 7U, UINT32_MAX}) {
      std::set<std::uint64_t> keys{hash.chain(realm_words{salt, 0, 0, 0}, 5)};
      for (std::size_t word = 0; word < 4; ++word) {
        for (const std::uint64_t value : {11U, 12U}) {
          realm_words realm{salt, 0, 0, 0};
          realm[word] = value;
          EXPECT_TRUE(keys.insert(hash.chain(realm, 5)).second)
              << "word " << word << ", seed " << seed << ", salt " << salt;
        }
      }
    }
  }
}

TEST(keyed_hash, other_seeds_give_other_keys) {
  const tokens page(16, 3);
  std::set<std::uint64_t> keys;
  for (std::uint64_t seed = 0; seed < 100; ++seed) keys.insert(keyed_hash{seed}.local(page));
  EXPECT_EQ(keys.size(), 100U);
}

TEST(keyed_hash, media_count_where_they_overlap_and_relative_to_the_page) {
  const keyed_hash hash{1};
  const std::array image{media_span{6, 4, {1, 2}}};
  const std::array<std::uint64_t, 2> nothing{};
  EXPECT_EQ(hash.media({}, 0, 4), nothing);
  EXPECT_EQ(hash.media(image, 0, 4), nothing);
  EXPECT_NE(hash.media(image, 4, 4), nothing);
  EXPECT_NE(hash.media(image, 8, 4), nothing);
  EXPECT_EQ(hash.media(image, 12, 4), nothing);
  EXPECT_NE(hash.media(image, 4, 4), hash.media(image, 8, 4));
  const std::array elsewhere{media_span{106, 4, {1, 2}}};
  EXPECT_EQ(hash.media(image, 4, 4), hash.media(elsewhere, 104, 4));
  const std::array blank{media_span{6, 4, {0, 0}}};
  EXPECT_NE(hash.media(blank, 4, 4), nothing) << "a digest of zeros is a digest";
}

}  // namespace
}  // namespace kvfolio::test
