// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/live_padded.hpp>
#include <kvfolio/table/persistent.hpp>
#include <kvfolio/table/row_view.hpp>
#include <kvfolio/table/two_level.hpp>

#include "../support/live_batch.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using testing::Each;
using testing::ElementsAre;

template <class Table>
class live_padded : public testing::Test {};
using tables = testing::Types<table::flat, table::persistent, table::two_level>;
TYPED_TEST_SUITE(live_padded, tables);

TYPED_TEST(live_padded, is_what_a_full_export_writes_after_every_step) {
  for_each_seed([](std::mt19937& rng) {
    using server = live_batch<TypeParam>;
    constexpr table::padding pad{.width = server::width, .id = -1};
    server serving;
    std::vector<std::int32_t> buffer(server::most_rows * pad.width, -7);
    table::live_padded live{buffer, server::most_rows, pad};
    std::size_t written = 0;
    std::size_t whole = 0;
    for (int step = 0; step < 3'000; ++step) {
      serving.step(rng);
      const auto batch = serving.batch(rng);
      written += live.update(batch).value();
      std::vector<std::int32_t> expected(batch.size() * pad.width);
      whole += table::export_padded(batch, expected, pad).value();
      ASSERT_TRUE(std::ranges::equal(live.buffer().first(expected.size()), expected))
          << "at step " << step;
    }
    EXPECT_LT(written * 4, whole) << "little of it changes";
  });
}

// Rows of 4 tokens a page in a table of an engine's own.
class live_rows : public testing::Test {
 protected:
  using table_type = table::tracked<table::two_level>;
  using view = table::row_view<table_type>;

  live_rows() {
    for (std::size_t i = 0; i < 5; ++i) rows_.push_back(0, to_page(i + 1));
    for (std::size_t i = 0; i < 2; ++i) rows_.push_back(1, to_page(i + 11));
  }
  // All tokens of some rows.
  [[nodiscard]] std::vector<view> batch(std::initializer_list<std::size_t> rows) const {
    std::vector<view> made;
    for (const auto row : rows) made.emplace_back(rows_, row, 4U, 4 * rows_.size(row), 0U);
    return made;
  }
  table_type rows_{3, 10};
  std::vector<std::int32_t> buffer_ = std::vector<std::int32_t>(2 * 6, -7);
  table::live_padded live_{buffer_, 2, {.width = 6, .id = 0, .hole = -2}};
};

TEST_F(live_rows, are_written_whole_the_first_time_and_then_what_is_new) {
  EXPECT_EQ(live_.update(batch({0, 1})).value(), 12U);
  EXPECT_THAT(buffer_, ElementsAre(1, 2, 3, 4, 5, 0, 11, 12, 0, 0, 0, 0));
  EXPECT_EQ(live_.update(batch({0, 1})).value(), 0U);
  rows_.push_back(1, page_id{13});
  EXPECT_EQ(live_.update(batch({0, 1})).value(), 1U);
  rows_.replace(0, 4, page_id{9});
  EXPECT_EQ(live_.update(batch({0, 1})).value(), 1U);
  rows_.truncate(0, 2);
  EXPECT_EQ(live_.update(batch({0, 1})).value(), 3U) << "of padding";
  EXPECT_THAT(buffer_, ElementsAre(1, 2, 0, 0, 0, 0, 11, 12, 13, 0, 0, 0));
}

TEST_F(live_rows, of_a_window_change_at_both_ends_alone) {
  EXPECT_TRUE(live_.update(batch({0})));
  rows_.punch(0, 1, 2);
  rows_.push_back(0, page_id{6});
  EXPECT_EQ(live_.update(batch({0})).value(), 2U);
  EXPECT_THAT(std::span{buffer_}.first(6), ElementsAre(1, -2, 3, 4, 5, 6));
}

TEST_F(live_rows, that_leave_come_back_and_change_places_are_known) {
  EXPECT_TRUE(live_.update(batch({0, 1})));
  EXPECT_EQ(live_.update(batch({0})).value(), 0U);
  EXPECT_EQ(live_.update(batch({0, 1})).value(), 0U) << "nobody was there meanwhile";
  EXPECT_EQ(live_.update(batch({1, 0})).value(), 2U + 3U + 5U);
  EXPECT_THAT(buffer_, ElementsAre(11, 12, 0, 0, 0, 0, 1, 2, 3, 4, 5, 0));
  rows_.truncate(0, 0);
  rows_.fork(1, 0);  // another sequence gets the row
  EXPECT_TRUE(live_.update(batch({1, 0})));
  EXPECT_THAT(buffer_, ElementsAre(11, 12, 0, 0, 0, 0, 11, 12, 0, 0, 0, 0));
}

TEST_F(live_rows, that_do_not_fit_leave_the_buffer_alone) {
  for (const std::size_t more : {6U, 7U}) rows_.push_back(0, to_page(more));
  EXPECT_EQ(live_.update(batch({1, 0})).error(), errc::buffer_too_small);
  EXPECT_EQ(live_.update(batch({1, 1, 2})).error(), errc::buffer_too_small);
  EXPECT_THAT(buffer_, Each(-7));
  EXPECT_THROW((table::live_padded{buffer_, 2, {.width = 7}}), std::invalid_argument);
  EXPECT_THROW((table::live_padded{buffer_, 2, {.width = ~std::size_t{0}}}), std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
