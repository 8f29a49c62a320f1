// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/memory/heap.hpp>
#include <kvfolio/memory/limiting.hpp>
#include <kvfolio/memory/mapped.hpp>
#include <kvfolio/tier/host_store.hpp>

#include "../conformance/store_conformance.hpp"

namespace kvfolio::test {
namespace {

using tier::host_store;
static_assert(tier::page_store<host_store<memory::heap>>);

struct pages_on_the_heap {
  static auto make() { return host_store<memory::heap>{5'000, 40}; }
};
struct pages_of_the_kernel {
  static auto make() { return host_store<memory::mapped>{8'192, 60}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(heap, store_conformance, pages_on_the_heap);
INSTANTIATE_TYPED_TEST_SUITE_P(mapped, store_conformance, pages_of_the_kernel);

TEST(host_store, gives_up_what_was_used_least_recently) {
  host_store<memory::heap> store{64, 3};
  for (const std::uint64_t name : {1U, 2U, 3U}) ASSERT_TRUE(put_page(store, key_of(name)));
  ASSERT_EQ(look_up(store, key_of(1)), found::right);
  ASSERT_TRUE(put_page(store, key_of(2)));
  ASSERT_TRUE(store.contains(key_of(3)));  // which leaves no trace
  ASSERT_TRUE(put_page(store, key_of(4)));
  EXPECT_FALSE(store.contains(key_of(3)));
  for (const std::uint64_t name : {1U, 2U, 4U}) {
    EXPECT_EQ(look_up(store, key_of(name)), found::right) << name;
  }
  EXPECT_EQ(store.usage(), (tier::store_usage{.bytes = 192, .capacity = 192, .entries = 3}));
}

TEST(host_store, of_no_pages_is_full) {
  host_store<memory::heap> store{64, 0};
  EXPECT_EQ(put_page(store, key_of(1)).error(), errc::store_full);
  EXPECT_EQ(look_up(store, key_of(1)), found::miss);
}

TEST(host_store, says_at_once_that_there_is_not_so_much_memory) {
  using limited = memory::limiting<memory::heap>;
  EXPECT_THROW((host_store<limited>{64, 3, limited{191}}), std::bad_alloc);
  EXPECT_NO_THROW((host_store<limited>{64, 3, limited{192}}));
  EXPECT_THROW((host_store<memory::heap>{SIZE_MAX, 3}), std::length_error);
}

}  // namespace
}  // namespace kvfolio::test
