// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/store.hpp>

#include "../support/stored_pages.hpp"

namespace kvfolio::test {
namespace {

// Takes pages of even names, fails by name for the others, and finds those below 4.
struct picky {
  [[nodiscard]] result<void> put(const tier::store_key& key, std::span<const std::byte>) noexcept {
    asked.push_back(key.words[1]);
    if (key.words[1] == 3) return errc::store_full;
    if (key.words[1] % 2 == 1) return errc::store_failed;
    return {};
  }
  [[nodiscard]] bool get(const tier::store_key& key, std::span<std::byte>) noexcept {
    return key.words[1] < 4;
  }
  std::vector<std::uint64_t> asked;
};

TEST(put_each, puts_all_and_returns_the_first_failure) {
  picky store;
  const std::array<tier::store_write, 4> writes{
      {{key_of(2), {}}, {key_of(3), {}}, {key_of(5), {}}, {key_of(4), {}}}};
  EXPECT_EQ(tier::put_each(store, writes).error(), errc::store_full);
  EXPECT_EQ(store.asked, (std::vector<std::uint64_t>{2, 3, 5, 4}));
  EXPECT_TRUE(tier::put_each(store, std::span{writes}.first(1)));
}

TEST(get_each, flags_and_counts_the_hits) {
  picky store;
  std::array<tier::store_read, 3> reads{{{key_of(9), {}, true}, {key_of(1), {}}, {key_of(2), {}}}};
  EXPECT_EQ(tier::get_each(store, reads), 2U);
  EXPECT_FALSE(reads[0].hit);
  EXPECT_TRUE(reads[1].hit && reads[2].hit);
}

}  // namespace
}  // namespace kvfolio::test
