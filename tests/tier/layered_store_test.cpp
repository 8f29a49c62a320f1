// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/memory/heap.hpp>
#include <kvfolio/tier/failing_store.hpp>
#include <kvfolio/tier/host_store.hpp>
#include <kvfolio/tier/layered_store.hpp>

#include "../conformance/store_conformance.hpp"

namespace kvfolio::test {
namespace {

using host = tier::host_store<memory::heap>;
using tier::layered_store;
static_assert(tier::spilling_store<host>);

template <class Rule, std::size_t Above>
struct of_two_hosts {
  host upper{600, Above};
  host lower{600, 40};
  auto make() {
    for (std::uint64_t name = 0; name < 200; ++name) {
      upper.erase(key_of(name));
      lower.erase(key_of(name));
    }
    if constexpr (std::is_empty_v<Rule>) {
      return layered_store<host, host, Rule>{upper, lower};
    } else {
      return layered_store<host, host, Rule>{upper, lower, Rule{100}};
    }
  }
};
using through = of_two_hosts<tier::write_through, 5>;
using back = of_two_hosts<tier::write_back, 5>;
using second = of_two_hosts<tier::write_on_second_hit, 40>;
INSTANTIATE_TYPED_TEST_SUITE_P(write_through, store_conformance, through);
INSTANTIATE_TYPED_TEST_SUITE_P(write_back, store_conformance, back);
INSTANTIATE_TYPED_TEST_SUITE_P(write_on_second_hit, store_conformance, second);

class layered_stores : public testing::Test {
 protected:
  host upper{64, 2};
  host lower{64, 8};
};

TEST_F(layered_stores, what_is_found_below_is_copied_up) {
  layered_store<host, host> store{upper, lower};
  ASSERT_TRUE(put_page(lower, key_of(1)));
  EXPECT_TRUE(store.contains(key_of(1)));
  EXPECT_FALSE(upper.contains(key_of(1)));
  EXPECT_EQ(look_up(store, key_of(1)), found::right);
  EXPECT_EQ(look_up(upper, key_of(1)), found::right);
}

TEST_F(layered_stores, write_through_has_every_page_below_at_once) {
  layered_store<host, host> store{upper, lower};
  for (std::uint64_t name = 0; name < 5; ++name) {
    ASSERT_TRUE(put_page(store, key_of(name)));
    EXPECT_EQ(look_up(lower, key_of(name)), found::right);
  }
  EXPECT_EQ(upper.usage().entries, 2U);
  EXPECT_EQ(store.usage().entries, 7U);
}

TEST_F(layered_stores, write_back_moves_down_what_leaves_and_the_rest_when_it_is_flushed) {
  layered_store<host, host, tier::write_back> store{upper, lower};
  ASSERT_TRUE(put_page(store, key_of(1)));
  ASSERT_TRUE(put_page(store, key_of(2)));
  EXPECT_EQ(lower.usage().entries, 0U);
  ASSERT_TRUE(put_page(store, key_of(1)));
  EXPECT_EQ(lower.usage().entries, 0U) << "nothing had to leave";
  ASSERT_TRUE(put_page(store, key_of(3)));
  EXPECT_EQ(look_up(lower, key_of(2)), found::right);
  EXPECT_EQ(lower.usage().entries, 1U);
  EXPECT_EQ(look_up(store, key_of(2)), found::right);
  EXPECT_EQ(look_up(lower, key_of(1)), found::right) << "it left for the one that came up";
  ASSERT_TRUE(store.flush());
  EXPECT_EQ(look_up(lower, key_of(3)), found::right);
  EXPECT_EQ(lower.usage().entries, 3U);
}

TEST_F(layered_stores, write_on_second_hit_sends_down_what_was_found_twice) {
  layered_store<host, host, tier::write_on_second_hit> store{upper, lower,
                                                             tier::write_on_second_hit{8}};
  ASSERT_TRUE(put_page(store, key_of(1)));
  EXPECT_EQ(look_up(store, key_of(1)), found::right);
  EXPECT_FALSE(lower.contains(key_of(1)));
  EXPECT_EQ(look_up(store, key_of(1)), found::right);
  EXPECT_EQ(look_up(lower, key_of(1)), found::right);
  ASSERT_TRUE(store.erase(key_of(1)));
  ASSERT_TRUE(put_page(store, key_of(1)));
  EXPECT_EQ(look_up(store, key_of(1)), found::right);
  EXPECT_FALSE(lower.contains(key_of(1))) << "it counts anew";
}

TEST_F(layered_stores, three_layers_are_two_of_which_one_is_layered) {
  host bottom{64, 100};
  layered_store<host, host> middle{lower, bottom};
  layered_store<host, decltype(middle), tier::write_back> store{upper, middle};
  for (std::uint64_t name = 0; name < 50; ++name) ASSERT_TRUE(put_page(store, key_of(name)));
  for (std::uint64_t name = 0; name < 50; ++name) {
    EXPECT_EQ(look_up(store, key_of(name)), found::right) << name;
  }
  EXPECT_EQ(upper.usage().entries, 2U);
  EXPECT_EQ(lower.usage().entries, 8U);
  EXPECT_GE(bottom.usage().entries, 48U);
}

TEST_F(layered_stores, a_layer_that_fails_costs_its_pages_and_no_more) {
  tier::failing_store<host> failing{lower};
  layered_store<host, decltype(failing)> store{upper, failing};
  ASSERT_TRUE(put_page(store, key_of(1)));
  failing.fail_after(0);
  EXPECT_TRUE(put_page(store, key_of(2))) << "it is kept above";
  EXPECT_TRUE(put_page(store, key_of(3)));
  EXPECT_EQ(look_up(store, key_of(1)), found::miss);
  EXPECT_EQ(look_up(store, key_of(3)), found::right);
  failing.recover();
  EXPECT_EQ(look_up(store, key_of(1)), found::right);

  layered_store<decltype(failing), host> upside_down{failing, upper};
  failing.fail_after(0);
  EXPECT_TRUE(put_page(upside_down, key_of(9))) << "it is kept below";
  EXPECT_EQ(look_up(upside_down, key_of(9)), found::right);

  host none{64, 0};
  layered_store<host, decltype(failing)> neither{none, failing};
  EXPECT_EQ(put_page(neither, key_of(4)).error(), errc::store_failed);
  EXPECT_EQ(look_up(neither, key_of(4)), found::miss);
}

TEST_F(layered_stores, with_pages_of_two_sizes_are_refused) {
  host larger{65, 2};
  EXPECT_THROW((layered_store<host, host>{upper, larger}), std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
