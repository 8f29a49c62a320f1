// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/prefix/radix.hpp>

#include "../conformance/prefix_index_conformance.hpp"
#include "../support/colliding_hash.hpp"

namespace kvfolio::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(radix, prefix_index_conformance, prefix::radix);
INSTANTIATE_TYPED_TEST_SUITE_P(scenario_24_colliding_radix, prefix_index_conformance,
                               colliding_radix);

TEST(radix, a_page_that_lost_its_first_child_takes_the_next_new_one_for_its_heir) {
  prefix::radix index{8, 1, 1};
  const prefix_realm realm;
  for (token_id token = 0; token < 5; ++token) {
    index.note(to_page(static_cast<std::size_t>(token)), 0, std::span{&token, 1});
  }
  const auto root = index.extend(realm, {}, page_id{0});
  index.extend(realm, root, page_id{1});
  index.extend(realm, root, page_id{2});
  index.erase(page_id{1});
  index.extend(realm, root, page_id{3});
  std::vector<page_id> found(2);
  const std::vector<token_id> by_table{0, 2};
  const std::vector<token_id> by_link{0, 3};
  EXPECT_EQ(index.match(realm, by_table, found).page, page_id{2});
  EXPECT_EQ(index.match(realm, by_link, found).page, page_id{3});
  index.erase(page_id{2});
  index.erase(page_id{3});
  index.erase(page_id{0});
  EXPECT_EQ(index.size(), 0U);
}

#ifndef NDEBUG
TEST(radix_death, a_parent_is_not_forgotten_before_its_children) {
  prefix::radix index{4, 1, 1};
  index.note(page_id{0}, 0, {{7}});
  index.note(page_id{1}, 0, {{8}});
  const auto root = index.extend({}, {}, page_id{0});
  index.extend({}, root, page_id{1});
  EXPECT_DEATH(index.erase(page_id{0}), "heir");
  EXPECT_DEATH(index.note(page_id{0}, 0, {{9}}), "contains");
}
#endif

}  // namespace
}  // namespace kvfolio::test
