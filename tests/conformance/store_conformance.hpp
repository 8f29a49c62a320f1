// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/store.hpp>

#include "../support/random_steps.hpp"
#include "../support/stored_pages.hpp"

namespace kvfolio::test {

/// What every `page_store` promises. A `Make` is made for each test; its `make()` returns an empty
/// store with room for 40 pages at least, which it may reach until it is gone.
template <class Make>
class store_conformance : public testing::Test {
 protected:
  Make maker;
};

TYPED_TEST_SUITE_P(store_conformance);

TYPED_TEST_P(store_conformance, what_was_put_comes_back_byte_for_byte) {
  auto store = this->maker.make();
  for (std::uint64_t name = 0; name < 40; ++name) {
    ASSERT_EQ(look_up(store, key_of(name)), found::miss) << name;
    ASSERT_TRUE(put_page(store, key_of(name)));
  }
  for (std::uint64_t name = 0; name < 40; ++name) {
    ASSERT_TRUE(store.contains(key_of(name)));
    ASSERT_EQ(look_up(store, key_of(name)), found::right) << name;
  }
}

TYPED_TEST_P(store_conformance, keys_that_differ_in_one_bit_are_different) {
  auto store = this->maker.make();
  const auto key = key_of(7);
  ASSERT_TRUE(put_page(store, key));
  for (std::size_t bit = 0; bit < 128; ++bit) {
    auto other = key;
    other.words[bit / 64] ^= std::uint64_t{1} << (bit % 64);
    ASSERT_FALSE(store.contains(other)) << bit;
    ASSERT_EQ(look_up(store, other), found::miss) << bit;
  }
  EXPECT_EQ(look_up(store, key), found::right);
}

TYPED_TEST_P(store_conformance, what_was_erased_is_missed) {
  auto store = this->maker.make();
  ASSERT_TRUE(put_page(store, key_of(1)));
  ASSERT_TRUE(put_page(store, key_of(2)));
  EXPECT_TRUE(store.erase(key_of(1)));
  EXPECT_FALSE(store.erase(key_of(1)));
  EXPECT_FALSE(store.contains(key_of(1)));
  EXPECT_EQ(look_up(store, key_of(1)), found::miss);
  EXPECT_EQ(look_up(store, key_of(2)), found::right);
  EXPECT_TRUE(put_page(store, key_of(1)));
  EXPECT_EQ(look_up(store, key_of(1)), found::right);
}

TYPED_TEST_P(store_conformance, batches_do_what_their_parts_do_and_flag_the_hits) {
  auto store = this->maker.make();
  std::vector<std::vector<std::byte>> pages;
  std::vector<tier::store_write> writes;
  for (std::uint64_t name = 0; name < 30; ++name) {
    pages.push_back(page_of(key_of(name), store.page_bytes()));
    writes.push_back({key_of(name), pages.back()});
  }
  ASSERT_TRUE(store.put_many(writes));
  ASSERT_TRUE(store.erase(key_of(11)));
  std::vector<std::vector<std::byte>> outs(40, std::vector<std::byte>(store.page_bytes()));
  std::vector<tier::store_read> reads;
  for (std::uint64_t i = 0; i < outs.size(); ++i) {  // not in order, and every fourth is not there
    reads.push_back({key_of((i * 7) % 40), outs[i], i % 2 == 0});
  }
  EXPECT_EQ(store.get_many(reads), 29U);
  for (const auto& read : reads) {
    const auto name = read.key.words[1];
    ASSERT_EQ(read.hit, name < 30 && name != 11) << name;
    if (!read.hit) continue;
    const auto& page = pages[name];
    ASSERT_TRUE(std::equal(page.begin(), page.end(), read.bytes.begin())) << name;
  }
  EXPECT_TRUE(store.put_many({}));
  EXPECT_EQ(store.get_many({}), 0U);
}

TYPED_TEST_P(store_conformance, usage_follows_what_is_kept) {
  auto store = this->maker.make();
  const auto empty = store.usage();
  EXPECT_EQ(empty.entries, 0U);
  for (std::uint64_t name = 0; name < 10; ++name) ASSERT_TRUE(put_page(store, key_of(name)));
  ASSERT_TRUE(put_page(store, key_of(3)));
  const auto full = store.usage();
  EXPECT_GE(full.entries, 10U);
  EXPECT_GE(full.bytes - empty.bytes, 10 * store.page_bytes());
  EXPECT_GE(full.capacity, full.bytes);
  ASSERT_TRUE(store.erase(key_of(3)));
  EXPECT_LT(store.usage().entries, full.entries);
}

// A hit is what was put; a miss may be anything that was, once there were more than fit.
TYPED_TEST_P(store_conformance, a_storm_of_pages_never_gives_a_wrong_one) {
  for_each_seed([this](std::mt19937& rng) {
    auto store = this->maker.make();
    std::set<std::uint64_t> there;
    for (int i = 0; i < 400; ++i) {
      const std::uint64_t name = rng() % 120;
      const auto key = key_of(name);
      if (const auto choice = rng() % 8; choice < 4) {
        const auto known = store.contains(key);
        const auto got = look_up(store, key);
        ASSERT_NE(got, found::wrong) << name;
        ASSERT_EQ(got == found::right, known) << name;
        ASSERT_LE(got == found::right, there.contains(name)) << name;
      } else if (choice < 7) {
        ASSERT_TRUE(put_page(store, key));
        ASSERT_EQ(look_up(store, key), found::right) << "what was just put";
        there.insert(name);
      } else {
        ASSERT_LE(store.erase(key), there.contains(name)) << name;
        there.erase(name);
      }
    }
    for (std::uint64_t name = 0; name < 120; ++name) store.erase(key_of(name));
    ASSERT_EQ(store.usage().entries, 0U);
  });
}

REGISTER_TYPED_TEST_SUITE_P(store_conformance, what_was_put_comes_back_byte_for_byte,
                            keys_that_differ_in_one_bit_are_different, what_was_erased_is_missed,
                            batches_do_what_their_parts_do_and_flag_the_hits,
                            usage_follows_what_is_kept, a_storm_of_pages_never_gives_a_wrong_one);

}  // namespace kvfolio::test
