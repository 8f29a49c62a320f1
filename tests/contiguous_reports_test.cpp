// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/contiguous_cache.hpp>

#include "support/contiguous_bundles.hpp"

namespace kvfolio::test {
namespace {

using cache_type = contiguous_cache<on_a_device>;

TEST(contiguous_reports, counts_pages_and_mappings) {
  cache_type cache{config_of_rows<on_a_device>(10)};
  const auto tokens = cache.tokens_per_page();
  const auto empty = cache.mappings();
  EXPECT_EQ(empty.shown_places, 0);
  EXPECT_GT(empty.reserved_bytes, 0);
  EXPECT_GE(empty.memory_bytes, cache.config().bytes) << "and what copies go through";
  auto one = cache.create().value();
  one.append(2 * tokens).value();
  auto other = one.fork().value();
  EXPECT_EQ(cache.mappings().shown_places, 4);
  EXPECT_EQ(cache.mappings().shown_pages, 2);
  EXPECT_EQ(cache.mappings().left_pages, 0);
  EXPECT_EQ(cache.mappings().maps, 4 * vm::chunks_per_row(cache.places()));
  EXPECT_EQ(cache.statistics().used_pages, 2);
  EXPECT_EQ(cache.statistics().table_pages, 4);
  one.release();
  other.release();
  EXPECT_EQ(cache.mappings().left_pages, 2);
  EXPECT_EQ(cache.mappings().memory_bytes, empty.memory_bytes);
}

TEST(contiguous_reports, is_kept_as_a_whole) {
  cache_type cache{config_of_rows<on_a_device>(10)};
  const std::vector<token_id> prompt(2 * cache.tokens_per_page() + 1, 3);
  {
    auto one = cache.create(prompt).value();
    one.append(prompt.size()).value();
    one.commit(prompt);
    EXPECT_EQ(cache.reset().error(), errc::in_use);
  }
  EXPECT_EQ(cache.probe(prompt).hit_tokens, prompt.size() - 1);
  cache.advance(7);
  cache.invalidate();
  EXPECT_EQ(cache.probe(prompt).hit_tokens, 0);
  EXPECT_EQ(cache.statistics().cached_pages, 2);
  EXPECT_TRUE(cache.reset());
  EXPECT_EQ(cache.statistics().cached_pages, 0);
  EXPECT_EQ(cache.storage_for(5), 5);
  EXPECT_EQ(cache.pages().config().tokens_per_page, cache.tokens_per_page());
}

TEST(contiguous_reports, the_digest_tells_what_is_mapped) {
  cache_type one{config_of_rows<on_a_device>(10)};
  cache_type other{config_of_rows<on_a_device>(10)};
  EXPECT_EQ(one.state_digest(), other.state_digest());
  one.create().value().append(1).value();
  EXPECT_NE(one.state_digest(), other.state_digest()) << "where it was, a page is still mapped";
}

}  // namespace
}  // namespace kvfolio::test
