// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/cache_statistics.hpp>

namespace kvfolio::test {
namespace {

TEST(cache_statistics, differ_if_any_count_does) {
  const cache_statistics none;
  for (const auto member :
       {&cache_statistics::pages, &cache_statistics::free_pages, &cache_statistics::reserved_pages,
        &cache_statistics::landing_pages, &cache_statistics::cached_pages,
        &cache_statistics::used_pages, &cache_statistics::used_bytes, &cache_statistics::sequences,
        &cache_statistics::tokens, &cache_statistics::committed_tokens,
        &cache_statistics::table_pages, &cache_statistics::slack_tokens}) {
    auto other = none;
    EXPECT_EQ(other, none);
    other.*member = 1;
    EXPECT_NE(other, none);
  }
}

}  // namespace
}  // namespace kvfolio::test
