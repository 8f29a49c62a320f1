// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <kvfolio/page/first_fit.hpp>

#include "../conformance/checking_allocator_conformance.hpp"
#include "../conformance/page_allocator_conformance.hpp"
#include "../conformance/resizable_allocator_conformance.hpp"
#include "../conformance/run_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using self = testing::Types<page::first_fit>;
INSTANTIATE_TYPED_TEST_SUITE_P(first_fit, page_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(first_fit, run_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(first_fit, resizable_allocator_conformance, self);
INSTANTIATE_TYPED_TEST_SUITE_P(first_fit, checking_allocator_conformance, self);

TEST(first_fit, takes_the_lowest_run_that_is_long_enough_though_another_fits_better) {
  page::first_fit pages{page_id{0}, page_id{1'000}};
  ASSERT_TRUE(pages.allocate_run(1'000));
  pages.release_run({page_id{10}, 4}, page_history::draft);
  pages.release_run({page_id{60}, 9}, page_history::draft);
  pages.release_run({page_id{500}, 5}, page_history::draft);
  EXPECT_EQ(pages.longest_run(), 9U);
  EXPECT_EQ(pages.allocate_run(5), (page_run{page_id{60}, 5}));
  EXPECT_EQ(pages.allocate_run(5), (page_run{page_id{500}, 5}));
  EXPECT_EQ(pages.allocate_run(5), std::nullopt);
  EXPECT_EQ(pages.allocate(), page_id{10});
}

TEST(first_fit, finds_runs_across_words_and_nodes) {
  page::first_fit pages{page_id{3}, page_id{4'000}};
  ASSERT_TRUE(pages.allocate_run(3'997));
  pages.release_run({page_id{50}, 700}, page_history::draft);
  pages.release_run({page_id{2'000}, 1'500}, page_history::draft);
  EXPECT_EQ(pages.allocate_run(701), (page_run{page_id{2'000}, 701}));
  EXPECT_EQ(pages.allocate_run(700), (page_run{page_id{50}, 700}));
  EXPECT_EQ(pages.longest_run(), 799U);
}

}  // namespace
}  // namespace kvfolio::test
