// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/prefix/hashed.hpp>

#include "../conformance/prefix_index_conformance.hpp"
#include "../support/colliding_hash.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(hashed, prefix_index_conformance, prefix::hashed<>);
INSTANTIATE_TYPED_TEST_SUITE_P(by_128_bit, prefix_index_conformance, hashed_by_128_bit);
INSTANTIATE_TYPED_TEST_SUITE_P(scenario_24_colliding_hashed, prefix_index_conformance,
                               colliding_hashed);

TEST(hashed, a_key_of_128_bits_is_trusted) {
  // Both halves collide by design: then, and only then, another page is taken for the right one.
  prefix::hashed<prefix::basic_by_128_bit<colliding_hash>> index{4, 1, 1};
  index.note(page_id{0}, 0, {{7}});
  index.extend({}, {}, page_id{0});
  std::vector<page_id> found(1);
  const std::vector<token_id> other{8};
  EXPECT_EQ(index.match({}, other, found).pages, 1U);
}

}  // namespace
}  // namespace kvfolio::test
