// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/prefix/concept.hpp>

namespace kvfolio::test {
namespace {

TEST(key_scope, is_equal_in_every_member_or_not_at_all) {
  const key_scope one{1, 2, 3};
  EXPECT_EQ(one, (key_scope{1, 2, 3}));
  EXPECT_NE(one, (key_scope{0, 2, 3}));
  EXPECT_NE(one, (key_scope{1, 0, 3}));
  EXPECT_NE(one, (key_scope{1, 2, 0}));
}

TEST(key_scope, a_realm_is_the_scope_and_the_epoch) {
  constexpr prefix_realm realm{.scope = {1, 2, 3}, .epoch = 4};
  static_assert(realm.words() == realm_words{1, 2, 3, 4});
}

}  // namespace
}  // namespace kvfolio::test
