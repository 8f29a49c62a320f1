// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/page/reservation_rule.hpp>
#include <kvfolio/paged_cache.hpp>

namespace kvfolio::test {
namespace {

static_assert(std::is_empty_v<page::on_demand> && !page::on_demand::contiguous);
TEST(reservation_rule, on_demand_a_sequence_has_storage_for_what_it_has) {
  paged_cache<> cache{
      {.shape = model::grouped_query(1, 1, 4, dtype::f16), .tokens_per_page = 4, .pages = 4}};
  auto kv = cache.create().value();
  kv.ensure(5, {5, 100}).value();
  EXPECT_EQ(kv.length(), 5U);
  kv.ensure(3).value();
  EXPECT_EQ(kv.length(), 5U);
  EXPECT_EQ(cache.storage_for(7, {5, 100}), 7U);
  EXPECT_EQ(kv.ensure(17).error(), errc::too_large);
  EXPECT_EQ(kv.length(), 5U);
}

}  // namespace
}  // namespace kvfolio::test
