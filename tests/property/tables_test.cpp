// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "../support/bundles.hpp"
#include "../support/random_steps.hpp"
#include "../support/verb_driver.hpp"

namespace kvfolio::test {
namespace {

template <class Table>
struct policies_with : unbacked_policies {
  using page_table = Table;
};
// Rows of several leaves of a `two_level`.
template <class Table>
struct table_of : pages_of<2, 140> {
  using policies = policies_with<Table>;
};

// A cache forks, writes, truncates and drops over any page table, and no token is lost: every byte
// of every sequence is compared with what was written, after every step. Copies are deferred, which
// is the harder way.
template <class Table>
class caches_over : public testing::Test {};
using tables = testing::Types<table::two_level, table::tracked<table::run_length>>;
TYPED_TEST_SUITE(caches_over, tables);

TYPED_TEST(caches_over, any_page_table_keep_every_token_in_a_storm) {
  const int steps = std::getenv("KVFOLIO_SOAK") != nullptr ? 80'000 : 2'000;
  for_each_seed([steps](std::mt19937& rng) {
    const auto choose = [&rng](std::size_t bound) { return std::size_t{rng()} % bound; };
    verb_driver<table_of<TypeParam>, decltype(choose)> driver{table_of<TypeParam>::config(),
                                                              choose};
    drive(driver, steps);
  });
}

}  // namespace
}  // namespace kvfolio::test
