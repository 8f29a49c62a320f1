// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/prefix/partial_match.hpp>

#include "../conformance/prefix_index_conformance.hpp"
#include "../support/colliding_hash.hpp"

namespace kvfolio::test {

using partial_hashed = prefix::partial_match<prefix::hashed<>, prefix::unused_leaf::copied>;
INSTANTIATE_TYPED_TEST_SUITE_P(partial_match, prefix_index_conformance, prefix::partial_match<>);
INSTANTIATE_TYPED_TEST_SUITE_P(scenario_24_colliding_partial_match, prefix_index_conformance,
                               prefix::partial_match<colliding_radix>);
INSTANTIATE_TYPED_TEST_SUITE_P(partial_hashed, prefix_index_conformance, partial_hashed);

namespace {

class partial_match : public testing::Test {
 protected:
  using tokens = std::vector<token_id>;

  prefix_cursor add(const prefix_realm& realm, const prefix_cursor& at, page_id page,
                    const tokens& held) {
    index_.note(page, 0, held);
    return index_.extend(realm, at, page);
  }
  // What is closest, as its page and how much of it.
  void expect(const prefix_realm& realm, const prefix_cursor& at, const tokens& wanted,
              page_id page, std::uint32_t count) {
    const auto hit = index_.closest(realm, at, wanted);
    ASSERT_TRUE(hit.page);
    EXPECT_EQ(*hit.page, page);
    EXPECT_EQ(hit.tokens, count);
  }

  prefix::partial_match<> index_{16, 4, 7};
};

TEST_F(partial_match, scenario_26_the_sibling_that_begins_alike_for_longest_is_closest) {
  const auto root = add({}, {}, page_id{0}, {1, 2, 3, 4});
  add({}, root, page_id{1}, {5, 6, 7, 8});
  add({}, root, page_id{2}, {5, 6, 9, 8});
  add({}, root, page_id{3}, {-5, 6, 7, 8});
  expect({}, root, {5, 6, 7, 0}, page_id{1}, 3);
  expect({}, root, {5, 6, 9}, page_id{2}, 3);
  expect({}, root, {-5, 0, 0, 0}, page_id{3}, 1);
  EXPECT_FALSE(index_.closest({}, root, tokens{4, 6, 7, 8}).page);
  EXPECT_FALSE(index_.closest({}, root, {}).page);
  expect({}, {}, {1, 2, 0, 0}, page_id{0}, 2);
  index_.erase(page_id{1});
  expect({}, root, {5, 6, 7, 0}, page_id{2}, 2);
}

TEST_F(partial_match, scenario_23_realms_and_media_share_no_beginnings) {
  const prefix_realm other{.scope = {.salt = 1}};
  add({}, {}, page_id{0}, {1, 2, 3, 4});
  add(other, {}, page_id{1}, {1, 2, 7, 7});
  expect({}, {}, {1, 2, 7, 7}, page_id{0}, 2);
  expect(other, {}, {1, 2, 3, 4}, page_id{1}, 2);
  EXPECT_FALSE(index_.closest({.epoch = 1}, {}, tokens{1, 2, 3, 4}).page);
  const std::array image{media_span{2, 1, {3, 4}}};
  const prefix_realm seen{.media = image};
  EXPECT_FALSE(index_.closest(seen, {}, tokens{1, 2, 3, 4}).page);
  add(seen, {}, page_id{2}, {1, 2, 3, 4});
  index_.erase(page_id{0});
  EXPECT_FALSE(index_.closest({}, {}, tokens{1, 2, 3, 4}).page) << "only with the image";
  index_.erase(page_id{2});
  expect(other, {}, {1, 2, 3, 4}, page_id{1}, 2);
}

}  // namespace
}  // namespace kvfolio::test
