// SPDX-License-Identifier: Apache-2.0
#include <kvfolio/page/address_ordered.hpp>

#include "../conformance/checking_allocator_conformance.hpp"
#include "../conformance/page_allocator_conformance.hpp"
#include "../conformance/resizable_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using self = testing::Types<page::address_ordered>;
INSTANTIATE_TYPED_TEST_SUITE_P(address_ordered, page_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(address_ordered, resizable_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(address_ordered, checking_allocator_conformance, self);

TEST(address_ordered, hands_out_the_lowest_page_whatever_came_back_last) {
  page::address_ordered pages{page_id{2}, page_id{300}};
  for (int i = 0; i < 200; ++i) static_cast<void>(pages.allocate());
  for (const auto page : {150U, 3U, 90U, 70U}) {
    pages.release(page_id{page}, page_history::committed);
  }
  for (const auto page : {3U, 70U, 90U, 150U, 202U, 203U}) {
    EXPECT_EQ(pages.allocate(), page_id{page});
  }
}

}  // namespace
}  // namespace kvfolio::test
