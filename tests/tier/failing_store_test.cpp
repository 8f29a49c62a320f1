// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/memory/heap.hpp>
#include <kvfolio/tier/failing_store.hpp>
#include <kvfolio/tier/host_store.hpp>

#include "../conformance/store_conformance.hpp"

namespace kvfolio::test {
namespace {

using host = tier::host_store<memory::heap>;

struct without_failures {
  host pages{600, 60};
  auto make() {
    for (std::uint64_t name = 0; name < 200; ++name) pages.erase(key_of(name));
    return tier::failing_store<host>{pages};
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(until_it_is_told, store_conformance, without_failures);

TEST(failing_store, fails_after_so_many_operations_until_it_recovers) {
  host pages{64, 8};
  tier::failing_store<host> store{pages};
  store.fail_after(2);
  EXPECT_TRUE(put_page(store, key_of(1)));
  EXPECT_EQ(look_up(store, key_of(1)), found::right);
  EXPECT_EQ(put_page(store, key_of(2)).error(), errc::store_failed);
  EXPECT_FALSE(store.contains(key_of(1)));
  EXPECT_FALSE(store.erase(key_of(1)));
  std::vector<std::byte> out(64, std::byte{1});
  EXPECT_FALSE(store.get(key_of(1), out));
  EXPECT_EQ(out, std::vector<std::byte>(64, std::byte{0xee}));
  EXPECT_EQ(store.usage().entries, 1U);
  store.recover();
  EXPECT_EQ(look_up(store, key_of(1)), found::right);
  EXPECT_EQ(look_up(store, key_of(2)), found::miss);
}

}  // namespace
}  // namespace kvfolio::test
