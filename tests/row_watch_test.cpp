// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/row_watch.hpp>

namespace kvfolio::test {
namespace {

struct noted_rows {
  void claim(page_run run) { claimed.push_back(run); }
  void disclaim(page_run run) { disclaimed.push_back(run); }
  std::vector<page_run> claimed;
  std::vector<page_run> disclaimed;
};
struct plain_extension {
  template <class Act>
  decltype(auto) with(Act act) {
    return act(rows);
  }
  noted_rows rows;
};
using watched_pages = page::watched<page::first_fit, row_watch<plain_extension>>;

static_assert(page_watch<row_watch<plain_extension>>);

TEST(row_watch, tells_of_all_pages_that_come_and_go) {
  plain_extension extension;
  watched_pages pages{page::first_fit{page_id{0}, page_id{6}},
                      row_watch<plain_extension>{extension}};
  const auto page = pages.allocate().value();
  const auto run = pages.allocate_run(3).value();
  EXPECT_EQ(extension.rows.claimed, (std::vector<page_run>{{page, 1}, run}));
  EXPECT_TRUE(extension.rows.disclaimed.empty());
  pages.release_run(run, page_history::draft);
  pages.release(page, page_history::draft);
  EXPECT_EQ(extension.rows.disclaimed, (std::vector<page_run>{run, {page, 1}}));
}

TEST(row_watch, tells_nobody_if_there_is_nobody) {
  watched_pages pages{page_id{0}, page_id{2}};
  const auto page = pages.allocate().value();
  pages.release(page, page_history::draft);
  EXPECT_EQ(pages.size(), 2);
}

}  // namespace
}  // namespace kvfolio::test
