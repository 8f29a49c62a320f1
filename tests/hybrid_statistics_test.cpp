// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/hybrid_statistics.hpp>

namespace kvfolio::test {
namespace {

TEST(hybrid_statistics, differ_if_any_count_does) {
  const hybrid_statistics none;
  for (const auto member : {&hybrid_statistics::pages, &hybrid_statistics::free_pages,
                            &hybrid_statistics::cached_pages, &hybrid_statistics::used_pages,
                            &hybrid_statistics::used_bytes, &hybrid_statistics::sequences,
                            &hybrid_statistics::tokens, &hybrid_statistics::committed_tokens,
                            &hybrid_statistics::table_pages, &hybrid_statistics::resume_points}) {
    auto other = none;
    EXPECT_EQ(other, none);
    other.*member = 1;
    EXPECT_NE(other, none);
  }
}

}  // namespace
}  // namespace kvfolio::test
