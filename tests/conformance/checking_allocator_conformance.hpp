// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <gtest/gtest.h>

#include <kvfolio/page/batch.hpp>

namespace kvfolio::test {

/// What every `checking_allocator` rejects, where preconditions are checked. Instantiate once per
/// policy.
template <class A>
class checking_allocator_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(checking_allocator_conformance);

TYPED_TEST_P(checking_allocator_conformance, knows_of_every_id_whether_it_is_out) {
  TypeParam pages{page_id{1}, page_id{129}};
  const auto page = pages.allocate().value();
  for (std::uint32_t each = 0; each < 300; ++each) {
    EXPECT_EQ(pages.is_out(page_id{each}), page_id{each} == page) << each;
  }
  EXPECT_FALSE(pages.is_out(page_id{~0U}));
  pages.release(page, page_history::draft);
  EXPECT_FALSE(pages.is_out(page));
}

#ifndef NDEBUG
TYPED_TEST_P(checking_allocator_conformance, scenario_08_giving_back_what_is_not_held_dies) {
  TypeParam pages{page_id{1}, page_id{9}};
  const auto page = pages.allocate().value();
  const auto other = pages.allocate().value();
  pages.release(page, page_history::draft);
  EXPECT_DEATH(pages.release(page, page_history::draft), "out") << "it is free";
  EXPECT_DEATH(pages.release(page_id{0}, page_history::draft), "out") << "the null page";
  EXPECT_DEATH(pages.release(page_id{9}, page_history::draft), "out") << "there is no such page";
  EXPECT_DEATH(pages.release(page_id{~0U}, page_history::draft), "out");
  const page_id batch[] = {other, page};
  EXPECT_DEATH(page::release_batch(pages, batch, page_history::draft), "all_of");
  const page_id twice[] = {other, other};
  EXPECT_DEATH(page::release_batch(pages, twice, page_history::draft), "out");
}
#else
TYPED_TEST_P(checking_allocator_conformance, scenario_08_giving_back_what_is_not_held_dies) {
  GTEST_SKIP() << "preconditions are not checked in this build";
}
#endif

REGISTER_TYPED_TEST_SUITE_P(checking_allocator_conformance, knows_of_every_id_whether_it_is_out,
                            scenario_08_giving_back_what_is_not_held_dies);

}  // namespace kvfolio::test
