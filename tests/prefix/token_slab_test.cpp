// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/token_slab.hpp>

namespace kvfolio::test {
namespace {

using tokens = std::vector<token_id>;

TEST(token_slab, holds_what_was_written_piece_by_piece) {
  prefix::token_slab slab{3, 4};
  EXPECT_EQ(slab.per_page(), 4U);
  slab.write(page_id{1}, 0, tokens{1});
  slab.write(page_id{1}, 1, tokens{2, 3});
  slab.write(page_id{1}, 3, {});
  slab.write(page_id{1}, 3, tokens{4});
  slab.write(page_id{0}, 0, tokens{9, 9, 9, 9});
  slab.write(page_id{2}, 0, tokens{8, 8, 8, 8});
  EXPECT_TRUE(std::ranges::equal(slab[page_id{1}], tokens{1, 2, 3, 4}));
  slab.prefetch(page_id{1});
  slab.write(page_id{1}, 2, tokens{7, 7});
  EXPECT_TRUE(std::ranges::equal(slab[page_id{1}], tokens{1, 2, 7, 7}));
  EXPECT_TRUE(std::ranges::equal(slab[page_id{0}], tokens{9, 9, 9, 9}));
}

TEST(token_slab, compares_every_token_of_pages_of_every_size) {
  for (const std::uint32_t size : {1U, 5U, 16U, 17U}) {
    prefix::token_slab slab{2, size};
    const tokens held(size, 3);
    slab.write(page_id{1}, 0, held);
    EXPECT_TRUE(slab.holds(page_id{1}, held.data()));
    for (std::uint32_t place = 0; place < size; ++place) {
      auto other = held;
      other[place] = 4;
      EXPECT_FALSE(slab.holds(page_id{1}, other.data())) << place << " of " << size;
    }
  }
}

#ifndef NDEBUG
TEST(token_slab_death, more_than_a_page_does_not_fit) {
  prefix::token_slab slab{2, 4};
  EXPECT_DEATH(slab.write(page_id{0}, 3, tokens{1, 2}), "per_page_");
}
#endif

}  // namespace
}  // namespace kvfolio::test
