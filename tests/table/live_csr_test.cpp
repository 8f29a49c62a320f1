// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/live_csr.hpp>
#include <kvfolio/table/row_view.hpp>
#include <kvfolio/table/run_length.hpp>

#include "../support/live_batch.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using testing::Each;
using testing::ElementsAre;

struct csr_arrays {
  csr_arrays(std::size_t rows, std::size_t pages)
      : indptr(rows + 1, -7), indices(pages, -7), last(rows, -7) {}
  [[nodiscard]] table::csr_buffers spans() { return {indptr, indices, last}; }

  std::vector<std::int32_t> indptr;
  std::vector<std::int32_t> indices;
  std::vector<std::int32_t> last;
};

template <class Table>
class live_csr : public testing::Test {};
using tables = testing::Types<table::flat, table::run_length>;
TYPED_TEST_SUITE(live_csr, tables);

TYPED_TEST(live_csr, is_what_a_full_export_writes_after_every_step) {
  for_each_seed([](std::mt19937& rng) {
    using server = live_batch<TypeParam>;
    server serving;
    csr_arrays arrays{server::most_rows, server::most_rows * server::width};
    table::live_csr live{arrays.spans(), server::most_rows, server::per_page};
    std::size_t written = 0;
    std::size_t whole = 0;
    for (int step = 0; step < 3'000; ++step) {
      serving.step(rng);
      const auto batch = serving.batch(rng);
      written += live.update(batch).value();
      csr_arrays expected{batch.size(), table::measure(batch).pages};
      whole += table::export_csr(batch, expected.spans(), server::per_page).value();
      const auto equal = [](const auto& one, const auto& other) {
        return std::equal(other.begin(), other.end(), one.begin());
      };
      ASSERT_TRUE(equal(arrays.indptr, expected.indptr)) << "at step " << step;
      ASSERT_TRUE(equal(arrays.indices, expected.indices)) << "at step " << step;
      ASSERT_TRUE(equal(arrays.last, expected.last)) << "at step " << step;
    }
    EXPECT_LT(written, whole) << "rows before the first that moves stay";
  });
}

class live_compressed_rows : public testing::Test {
 protected:
  using table_type = table::tracked<table::flat>;
  using view = table::row_view<table_type>;

  live_compressed_rows() {
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::size_t i = 0; i < 3; ++i) rows_.push_back(row, to_page(10 * row + i));
    }
  }
  // All but one token of some rows.
  [[nodiscard]] std::vector<view> batch(std::initializer_list<std::size_t> rows) const {
    std::vector<view> made;
    for (const auto row : rows) made.emplace_back(rows_, row, 4U, 4 * rows_.size(row) - 1, 0U);
    return made;
  }
  table_type rows_{3, 10};
  csr_arrays arrays_{3, 12};
  table::live_csr live_{arrays_.spans(), 3, 4, -2};
};

TEST_F(live_compressed_rows, move_what_is_behind_them) {
  EXPECT_EQ(live_.update(batch({0, 1, 2})).value(), 9U);
  EXPECT_EQ(live_.update(batch({0, 1, 2})).value(), 0U);
  rows_.push_back(1, page_id{13});
  EXPECT_EQ(live_.update(batch({0, 1, 2})).value(), 1U + 3U);
  EXPECT_THAT(arrays_.indices, ElementsAre(0, 1, 2, 10, 11, 12, 13, 20, 21, 22, -7, -7));
  EXPECT_THAT(arrays_.indptr, ElementsAre(0, 3, 7, 10));
  EXPECT_THAT(arrays_.last, ElementsAre(3, 3, 3));
  rows_.replace(2, 1, no_page);
  EXPECT_EQ(live_.update(batch({0, 1, 2})).value(), 1U);
  EXPECT_EQ(arrays_.indices[8], -2);
}

TEST_F(live_compressed_rows, are_not_trusted_where_a_smaller_batch_has_written) {
  EXPECT_TRUE(live_.update(batch({0, 1, 2})));
  for (int i = 0; i < 6; ++i) rows_.push_back(0, page_id{7});
  EXPECT_TRUE(live_.update(batch({0})));
  rows_.truncate(0, 3);
  EXPECT_EQ(live_.update(batch({0, 1, 2})).value(), 6U);
  EXPECT_THAT(std::span{arrays_.indices}.first(9), ElementsAre(0, 1, 2, 10, 11, 12, 20, 21, 22));
}

TEST_F(live_compressed_rows, that_do_not_fit_leave_the_buffers_alone) {
  EXPECT_EQ(live_.update(batch({0, 1, 2, 0})).error(), errc::buffer_too_small);
  for (int i = 0; i < 4; ++i) rows_.push_back(0, page_id{7});
  EXPECT_EQ(live_.update(batch({0, 1, 2})).error(), errc::buffer_too_small);
  EXPECT_THAT(arrays_.indices, Each(-7));
  EXPECT_THAT(arrays_.indptr, Each(-7));
  EXPECT_THROW((table::live_csr{arrays_.spans(), 4, 4}), std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
