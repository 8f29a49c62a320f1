// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <attention/paged_row.hpp>

namespace attention {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(paged_row, a_padded_table_is_cut_into_rows_of_its_width) {
  const std::vector<std::int32_t> ids{4, 5, -1, 6, -1, -1};
  const std::vector<std::size_t> lengths{20, 3};
  const auto rows = rows_of_padded(ids, 3, lengths);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_THAT(rows[0].pages, ElementsAre(4, 5, -1));
  EXPECT_EQ(rows[0].length, 20U);
  EXPECT_THAT(rows[1].pages, ElementsAre(6, -1, -1));
  EXPECT_EQ(rows[1].length, 3U);
}

TEST(paged_row, compressed_rows_say_their_lengths_by_their_last_pages) {
  const std::vector<std::int32_t> indptr{0, 2, 2, 3};
  const std::vector<std::int32_t> indices{7, 8, 9};
  const std::vector<std::int32_t> last_page_len{4, 0, 16};
  const auto rows = rows_of_csr(indptr, indices, last_page_len, 16);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_THAT(rows[0].pages, ElementsAre(7, 8));
  EXPECT_EQ(rows[0].length, 20U);
  EXPECT_THAT(rows[1].pages, IsEmpty());
  EXPECT_EQ(rows[1].length, 0U);
  EXPECT_THAT(rows[2].pages, ElementsAre(9));
  EXPECT_EQ(rows[2].length, 16U);
}

TEST(paged_row, tables_that_are_too_short_are_refused) {
  const std::vector<std::int32_t> ids(5);
  const std::vector<std::size_t> lengths{1, 1};
  EXPECT_THROW((void)rows_of_padded(ids, 3, lengths), std::invalid_argument);
  EXPECT_THROW((void)rows_of_csr({ids.data(), 2}, ids, {ids.data(), 2}, 16), std::invalid_argument);
}

}  // namespace
}  // namespace attention
