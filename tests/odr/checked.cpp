// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include "layout.hpp"

#ifdef NDEBUG
#error "this file is to be built with other flags than its sibling"
#endif

namespace kvfolio::test {
namespace {

TEST(odr, translation_units_with_and_without_checks_agree_on_every_layout) {
  EXPECT_EQ(layout_seen_here(), layout_seen_there());
}

TEST(odr, a_cache_of_one_translation_unit_works_in_the_other) {
  paged_cache<everything_else> cache{
      {.shape = model::grouped_query(1, 1, 8, dtype::f16), .pages = 8}};
  auto one = cache.create().value();
  grow_there(one, 20);
  auto child = one.fork().value();
  child.append(1).value();
  grow_there(one, 20);
  EXPECT_EQ(one.length(), 40U);
  EXPECT_EQ(cache.statistics().used_pages, 4U);
  EXPECT_EQ(cache.observer().get<0>().counts().divergences, 1U);
  EXPECT_EQ(cache.check_invariants(), nullptr);
}

}  // namespace
}  // namespace kvfolio::test
