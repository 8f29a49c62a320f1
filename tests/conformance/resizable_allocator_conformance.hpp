// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include <kvfolio/page/concept.hpp>

#include "../support/free_pages.hpp"

namespace kvfolio::test {

/// What every `resizable_allocator` promises while its pages are in use. Instantiate once per
/// policy.
template <class A>
class resizable_allocator_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(resizable_allocator_conformance);

TYPED_TEST_P(resizable_allocator_conformance, growing_adds_the_new_pages_and_no_other) {
  TypeParam pages{page_id{1}, page_id{4}};
  std::set<page_id> taken;
  while (const auto page = pages.allocate()) taken.insert(*page);
  ASSERT_TRUE(pages.resize(page_id{200}));
  EXPECT_EQ(pages.size(), 196U);
  while (const auto page = pages.allocate()) {
    EXPECT_GE(*page, page_id{4});
    EXPECT_LT(*page, page_id{200});
    EXPECT_TRUE(taken.insert(*page).second);
  }
  EXPECT_EQ(taken.size(), 199U);
  for (const auto page : taken) pages.release(page, page_history::draft);
  EXPECT_EQ(pages.size(), 199U);
}

TYPED_TEST_P(resizable_allocator_conformance, shrinking_below_a_page_in_use_is_refused) {
  TypeParam pages{page_id{0}, page_id{130}};
  while (pages.allocate()) continue;
  for (std::uint32_t page = 0; page < 130; ++page) {
    if (page != 65) pages.release(page_id{page}, page_history::draft);
  }
  const auto before = free_pages(pages);
  EXPECT_EQ(pages.resize(page_id{65}).error(), errc::in_use);
  EXPECT_EQ(pages.resize(page_id{0}).error(), errc::in_use);
  EXPECT_EQ(free_pages(pages), before) << "nothing changed";
  ASSERT_TRUE(pages.resize(page_id{66}));
  EXPECT_EQ(pages.size(), 65U);
  pages.release(page_id{65}, page_history::draft);
  EXPECT_EQ(pages.size(), 66U);
}

TYPED_TEST_P(resizable_allocator_conformance, a_pool_may_shrink_to_nothing_and_grow_again) {
  TypeParam pages{page_id{2}, page_id{10}};
  ASSERT_TRUE(pages.resize(page_id{2}));
  EXPECT_EQ(pages.size(), 0U);
  EXPECT_EQ(pages.allocate(), std::nullopt);
  ASSERT_TRUE(pages.resize(page_id{2}));
  ASSERT_TRUE(pages.resize(page_id{5}));
  EXPECT_EQ(pages.size(), 3U);
  EXPECT_TRUE(pages.allocate());
}

TYPED_TEST_P(resizable_allocator_conformance, a_size_that_it_has_already_changes_nothing) {
  TypeParam pages{page_id{0}, page_id{70}};
  static_cast<void>(pages.allocate());
  const auto second = pages.allocate();
  pages.release(*second, page_history::committed);
  const auto before = free_pages(pages);
  ASSERT_TRUE(pages.resize(page_id{70}));
  EXPECT_EQ(free_pages(pages), before);
}

REGISTER_TYPED_TEST_SUITE_P(resizable_allocator_conformance,
                            growing_adds_the_new_pages_and_no_other,
                            shrinking_below_a_page_in_use_is_refused,
                            a_pool_may_shrink_to_nothing_and_grow_again,
                            a_size_that_it_has_already_changes_nothing);

}  // namespace kvfolio::test
