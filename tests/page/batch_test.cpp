// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <optional>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/address_ordered.hpp>
#include <kvfolio/page/batch.hpp>
#include <kvfolio/page/free_list.hpp>

#include "../support/free_pages.hpp"

namespace kvfolio::test {
namespace {

template <class A>
class batch : public testing::Test {};
using allocators = testing::Types<page::free_list<page::append>, page::address_ordered>;
TYPED_TEST_SUITE(batch, allocators);

TYPED_TEST(batch, takes_as_many_pages_as_asked_and_gives_them_back) {
  TypeParam pages{page_id{0}, page_id{10}};
  std::vector<page_id> all(10);
  ASSERT_TRUE(page::allocate_batch(pages, all));
  EXPECT_EQ(std::set<page_id>(all.begin(), all.end()).size(), 10U);
  EXPECT_EQ(pages.size(), 0U);
  page::release_batch(pages, all, page_history::committed);
  EXPECT_EQ(pages.size(), 10U);
  EXPECT_TRUE(page::allocate_batch(pages, {})) << "nothing can always be had";
}

TYPED_TEST(batch, scenario_02_takes_none_when_one_is_missing) {
  TypeParam pages{page_id{0}, page_id{10}};
  static_cast<void>(pages.allocate());
  const auto before = free_pages(pages);
  std::array<page_id, 10> all{};
  EXPECT_EQ(page::allocate_batch(pages, all).error(), errc::out_of_pages);
  EXPECT_EQ(free_pages(pages), before);
}

// Says that it has pages, and fails after a few.
struct liar : page::free_list<> {
  using free_list::free_list;
  std::optional<page_id> allocate() noexcept {
    return left-- > 0 ? free_list::allocate() : std::nullopt;
  }
  int left = 3;
};

TEST(batch_of_a_liar, gives_back_what_it_took_when_it_fails_in_the_middle) {
  liar pages{page_id{0}, page_id{10}};
  const auto before = free_pages(pages);
  std::array<page_id, 5> some{};
  EXPECT_EQ(page::allocate_batch(pages, some).error(), errc::out_of_pages);
  EXPECT_EQ(free_pages(pages), before);
}

}  // namespace
}  // namespace kvfolio::test
