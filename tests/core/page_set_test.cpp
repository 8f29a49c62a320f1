// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/page_set.hpp>

namespace kvfolio::test {
namespace {

TEST(page_set, views_the_words_of_a_bitmap_and_follows_its_changes) {
  bitmap bits{100};
  const page_set pages{bits.words()};
  EXPECT_FALSE(pages.contains(page_id{99}));
  bits.insert(99);
  EXPECT_TRUE(pages.contains(page_id{99}));
  EXPECT_FALSE(pages.contains(page_id{98}));
}

#ifndef NDEBUG
TEST(page_set_death, a_page_beyond_the_words_is_a_contract_violation) {
  const bitmap bits{64};
  const page_set pages{bits.words()};
  EXPECT_DEATH(static_cast<void>(pages.contains(page_id{64})), "words_");
}
#endif

}  // namespace
}  // namespace kvfolio::test
