// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/contiguous_cache.hpp>

#include "support/contiguous_bundles.hpp"

namespace kvfolio::test {
namespace {

using cache_type = contiguous_cache<on_a_device>;

TEST(contiguous_steps, what_is_set_aside_nobody_else_gets) {
  cache_type cache{config_of_rows<on_a_device>(6)};
  const std::size_t tokens = cache.tokens_per_page();
  auto one = cache.create().value();
  auto other = cache.create().value();
  auto set_aside = cache.reserve({{one, 5 * tokens}}).value();
  EXPECT_EQ(other.append(2 * tokens).error(), errc::out_of_pages);
  set_aside.accept();
  EXPECT_EQ(one.length(), 5 * tokens);
  EXPECT_EQ(cache.keys(0, one).extents()[0] * cache.keys(0, one).extents()[1], 5 * tokens);
}

TEST(contiguous_steps, mappings_are_set_aside_too) {
  struct few : on_a_device {
    using layout = vm::per_layer;
    [[nodiscard]] static backend make_backend(std::size_t bytes, std::size_t chunk_bytes) {
      return backend{{.granule = chunk_bytes, .max_physical_bytes = bytes, .max_mappings = 40}};
    }
  };
  contiguous_cache<few> cache{config_of_rows<few>(12)};
  const std::size_t tokens = cache.tokens_per_page();
  auto one = cache.create().value();
  auto other = cache.create().value();
  auto set_aside = cache.reserve({{one, 3 * tokens}}).value();
  EXPECT_EQ(other.append(2 * tokens).error(), errc::no_mappings);
  set_aside.cancel();
  other.append(2 * tokens).value();
  EXPECT_STREQ(cache.check_invariants(), nullptr);
}

TEST(contiguous_steps, nothing_is_wanted_of_an_empty_list) {
  cache_type cache{config_of_rows<on_a_device>(6)};
  auto set_aside = cache.reserve(std::span<const cache_type::growth>{}).value();
  EXPECT_EQ(set_aside.pages(), 0);
  set_aside.accept();
}

TEST(contiguous_steps, a_promise_that_is_dropped_is_no_promise) {
  cache_type cache{config_of_rows<on_a_device>(6)};
  auto one = cache.create().value();
  { auto dropped = cache.reserve({{one, 6 * cache.tokens_per_page()}}).value(); }
  EXPECT_EQ(one.length(), 0);
  EXPECT_EQ(cache.statistics().reserved_pages, 0);
  EXPECT_STREQ(cache.check_invariants(), nullptr);
}

}  // namespace
}  // namespace kvfolio::test
