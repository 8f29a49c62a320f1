// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/page/best_fit.hpp>
#include <kvfolio/page/statistics.hpp>

#include "../conformance/page_allocator_conformance.hpp"

namespace kvfolio::test {
namespace {

using self = testing::Types<page::statistics<page::best_fit>>;
INSTANTIATE_TYPED_TEST_SUITE_P(page_statistics, page_allocator_conformance, self);

TEST(page_statistics, counts_pages_runs_failures_and_the_most_that_ever_were_out) {
  page::statistics<page::best_fit> pages{page_id{0}, page_id{10}};
  const auto one = pages.allocate().value();
  const auto run = pages.allocate_run(5).value();
  EXPECT_FALSE(pages.allocate_run(5));
  pages.release(one, page_history::committed);
  pages.release_run(run, page_history::draft);
  static_cast<void>(pages.allocate());
  EXPECT_EQ(pages.watch().used(), (page::usage{.pages = 1,
                                               .peak_pages = 6,
                                               .taken = 7,
                                               .runs = 1,
                                               .drafts = 5,
                                               .committed = 1,
                                               .failures = 1}));
}

}  // namespace
}  // namespace kvfolio::test
