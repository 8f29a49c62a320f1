// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <kvfolio/page/best_fit.hpp>

#include "../conformance/checking_allocator_conformance.hpp"
#include "../conformance/page_allocator_conformance.hpp"
#include "../conformance/resizable_allocator_conformance.hpp"
#include "../conformance/run_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using self = testing::Types<page::best_fit>;
INSTANTIATE_TYPED_TEST_SUITE_P(best_fit, page_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(best_fit, run_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(best_fit, resizable_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(best_fit, checking_allocator_conformance, self);

page::best_fit with_free(std::initializer_list<page_run> runs) {
  page::best_fit pages{page_id{0}, page_id{1'000}};
  static_cast<void>(pages.allocate_run(1'000).value());
  for (const auto run : runs) pages.release_run(run, page_history::draft);
  return pages;
}

TEST(best_fit, takes_the_shortest_run_that_is_long_enough_though_another_is_lower) {
  auto pages = with_free({{page_id{10}, 4}, {page_id{60}, 9}, {page_id{500}, 6}});
  EXPECT_EQ(pages.allocate_run(5), (page_run{page_id{500}, 5}));
  EXPECT_EQ(pages.allocate(), page_id{505}) << "the rest of that run is the shortest now";
  EXPECT_EQ(pages.allocate_run(5), (page_run{page_id{60}, 5}));
  EXPECT_EQ(pages.allocate_run(5), std::nullopt);
}

TEST(best_fit, takes_the_latest_of_runs_that_are_equally_long) {
  auto pages = with_free({{page_id{10}, 4}, {page_id{60}, 4}, {page_id{30}, 4}});
  EXPECT_EQ(pages.allocate_run(4), (page_run{page_id{30}, 4}));
  EXPECT_EQ(pages.allocate_run(4), (page_run{page_id{60}, 4}));
}

TEST(best_fit, a_page_between_two_runs_makes_them_one) {
  auto pages = with_free({{page_id{10}, 4}, {page_id{15}, 5}});
  EXPECT_EQ(pages.allocate_run(10), std::nullopt);
  pages.release(page_id{14}, page_history::draft);
  EXPECT_EQ(pages.allocate_run(10), (page_run{page_id{10}, 10}));
}

TEST(best_fit, keeps_the_order_of_its_runs_when_it_grows) {
  auto pages = with_free({{page_id{10}, 4}, {page_id{60}, 4}, {page_id{30}, 4}});
  ASSERT_TRUE(pages.resize(page_id{2'000}));
  EXPECT_EQ(pages.allocate_run(4), (page_run{page_id{30}, 4}));
  EXPECT_EQ(pages.allocate_run(4), (page_run{page_id{60}, 4}));
  EXPECT_EQ(pages.allocate_run(5), (page_run{page_id{1'000}, 5}));
}

}  // namespace
}  // namespace kvfolio::test
