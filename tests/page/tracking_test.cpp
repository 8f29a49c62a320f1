// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string_view>

#include <gtest/gtest.h>

#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/tracking.hpp>

#include "../conformance/page_allocator_conformance.hpp"
#include "../conformance/resizable_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using self = testing::Types<page::tracking<page::free_list<>>>;
INSTANTIATE_TYPED_TEST_SUITE_P(tracking, page_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(tracking, resizable_allocator_conformance, self);

TEST(tracking, knows_for_whom_a_page_was_taken) {
  page::tracking<page::free_list<>> pages{page_id{0}, page_id{4}};
  pages.watch().set_owner(7);
  const auto page = pages.allocate().value();
  pages.watch().set_owner(8);
  const auto other = pages.allocate().value();
  EXPECT_EQ(pages.watch().owner(page), 7U);
  EXPECT_EQ(pages.watch().owner(other), 8U);
  EXPECT_EQ(pages.watch().owner(page_id{3}), std::nullopt) << "it is free";
  EXPECT_EQ(pages.watch().owner(page_id{99}), std::nullopt) << "there is none";
  pages.release(page, page_history::draft);
  EXPECT_EQ(pages.watch().owner(page), std::nullopt);
}

TEST(tracking, its_leak_report_names_the_owners) {
  page::tracking<page::first_fit, std::string_view> pages{page_id{0}, page_id{100}};
  EXPECT_EQ(pages.watch().leak_report(), "");
  pages.watch().set_owner("prefill");
  const auto returned = pages.allocate().value();
  static_cast<void>(pages.allocate_run(3));
  pages.watch().set_owner("draft model");
  static_cast<void>(pages.allocate());
  pages.release(returned, page_history::draft);
  EXPECT_EQ(pages.watch().leak_report(),
            "pages 1 to 3 are still held by prefill\n"
            "page 4 is still held by draft model\n");
}

TEST(tracking, its_leak_report_writes_numbers_too) {
  page::tracking<page::free_list<>> pages{page_id{5}, page_id{9}};
  pages.watch().set_owner(42);
  static_cast<void>(pages.allocate());
  EXPECT_EQ(pages.watch().leak_report(), "page 5 is still held by 42\n");
}

#ifndef NDEBUG
TEST(tracking, scenario_08_a_list_that_cannot_tell_has_somebody_who_can) {
  page::tracking<page::free_list<>> pages{page_id{1}, page_id{9}};
  const auto page = pages.allocate().value();
  static_cast<void>(pages.allocate());
  pages.release(page, page_history::draft);
  EXPECT_DEATH(pages.release(page, page_history::draft), "owner") << "it is free";
  EXPECT_DEATH(pages.release(page_id{0}, page_history::draft), "owner") << "the null page";
  EXPECT_DEATH(pages.release(page_id{9}, page_history::draft), "owner") << "there is no such page";
}
#endif

}  // namespace
}  // namespace kvfolio::test
