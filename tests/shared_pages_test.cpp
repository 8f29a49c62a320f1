// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/shared_pages.hpp>

namespace kvfolio::test {
namespace {

struct log : ignore_all_but<event::page_freed, event::page_evicted, event::page_withdrawn> {
  using ignore_all_but::on;
  void on(const event::page_freed& /*what*/) noexcept { ++freed; }
  void on(const event::page_evicted& /*what*/) noexcept { ++evicted; }
  void on(const event::page_withdrawn& /*what*/) noexcept { ++withdrawn; }
  int freed = 0;
  int evicted = 0;
  int withdrawn = 0;
};
struct policies : default_policies {
  using copies = deferred_copies;
  using observer = log;
};

class shared : public testing::Test {
 protected:
  shared_pages<policies> pages_{page::free_list<>{page_id{0}, page_id{4}}, 4, log{}};
};

TEST_F(shared, a_page_is_free_when_it_has_neither_users_nor_keepers) {
  const auto page = pages_.take(3);
  EXPECT_EQ(pages_.group(page), 3U);
  EXPECT_EQ(pages_.free(), 3U);
  pages_.keep(page);
  EXPECT_EQ(pages_.keepers(page), 1U);
  EXPECT_EQ(pages_.cached(), 0U) << "it is used";
  pages_.end_use(page, page_history::committed);
  EXPECT_EQ(pages_.cached(), 1U);
  EXPECT_EQ(pages_.free(), 3U);
  pages_.use(page);
  EXPECT_EQ(pages_.cached(), 0U);
  pages_.end_use(page, page_history::committed);
  pages_.end_keep(page);
  EXPECT_EQ(pages_.cached(), 0U);
  EXPECT_EQ(pages_.free(), 4U);
  EXPECT_EQ(pages_.observer().evicted, 1);
  EXPECT_EQ(pages_.observer().freed, 0);
}

TEST_F(shared, a_page_that_is_not_kept_any_more_stays_with_its_users) {
  const auto page = pages_.take(0);
  pages_.keep(page);
  pages_.keep(page);
  pages_.end_keep(page);
  EXPECT_EQ(pages_.observer().withdrawn, 0) << "it can still be found";
  pages_.end_keep(page);
  EXPECT_EQ(pages_.observer().withdrawn, 1);
  EXPECT_EQ(pages_.free(), 3U);
  pages_.end_use(page, page_history::draft);
  EXPECT_EQ(pages_.observer().freed, 1);
  EXPECT_EQ(pages_.free(), 4U);
}

TEST_F(shared, a_copy_in_flight_is_a_user_but_no_sequence) {
  const auto layout = model::page_layout{model::grouped_query(1, 1, 1, dtype::f16), 4};
  const auto from = pages_.take(0);
  const auto to = pages_.take(0);
  pages_.submit({from, to, 0, 2}, model::page_array{{}, layout}, true);
  EXPECT_EQ(pages_.users(from), 2U);
  EXPECT_EQ(pages_.sequences(from), 1U);
  pages_.end_use(from, page_history::draft);
  pages_.end_use(to, page_history::draft);
  EXPECT_EQ(pages_.free(), 2U) << "until the copy has landed";
  std::vector<copy_op> taken(1);
  pages_.complete(pages_.copies().take(taken).ticket);
  EXPECT_EQ(pages_.free(), 4U);
}

}  // namespace
}  // namespace kvfolio::test
