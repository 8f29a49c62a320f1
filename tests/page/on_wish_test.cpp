// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <kvfolio/page/on_wish.hpp>

#include "../conformance/checking_allocator_conformance.hpp"
#include "../conformance/page_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using self = testing::Types<page::on_wish>;
INSTANTIATE_TYPED_TEST_SUITE_P(on_wish, page_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(on_wish, checking_allocator_conformance, self);

TEST(on_wish, hands_out_what_has_been_free_the_longest_when_nobody_wishes) {
  page::on_wish pages{page_id{0}, page_id{3}};
  EXPECT_EQ(pages.allocate(), page_id{0});
  pages.release(page_id{0}, page_history::draft);
  for (const auto expected : {1U, 2U, 0U}) EXPECT_EQ(pages.allocate(), page_id{expected});
}

TEST(on_wish, hands_out_the_wished_page_if_it_is_free) {
  page::wish_list wishes{4};
  page::on_wish pages{page_id{0}, page_id{6}, wishes};
  wishes.add(page_id{4});
  wishes.add(std::nullopt);
  wishes.add(page_id{4});
  wishes.add(page_id{1});
  EXPECT_EQ(pages.allocate(), page_id{4});
  EXPECT_EQ(pages.allocate(), page_id{0}) << "any page would do";
  EXPECT_EQ(pages.allocate(), page_id{1}) << "the wished one is out";
  EXPECT_EQ(pages.allocate(), page_id{2}) << "it is out since a moment ago";
}

TEST(on_wish, ignores_wishes_for_pages_that_are_not_its_own) {
  page::wish_list wishes{2};
  page::on_wish pages{page_id{1}, page_id{3}, wishes};
  wishes.add(page_id{0});
  wishes.add(page_id{9});
  EXPECT_EQ(pages.allocate(), page_id{1});
  EXPECT_EQ(pages.allocate(), page_id{2});
  EXPECT_EQ(pages.allocate(), std::nullopt);
}

}  // namespace
}  // namespace kvfolio::test
