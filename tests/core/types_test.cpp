// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <type_traits>

#include <gtest/gtest.h>

#include <kvfolio/core/copy_op.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio::test {
namespace {

// What kernels read: ids have the size of an int32, and are never mixed up with numbers.
static_assert(sizeof(page_id) == sizeof(std::int32_t));
static_assert(!std::is_convertible_v<page_id, std::uint32_t>);
static_assert(!std::is_convertible_v<std::uint32_t, page_id>);
static_assert(std::is_same_v<token_id, std::int32_t>);

TEST(page_id, names_an_array_position_and_back) {
  EXPECT_EQ(to_index(page_id{7}), 7U);
  EXPECT_EQ(to_page(7), page_id{7});
  EXPECT_EQ(to_index(to_page((1U << 31U) - 1)), (1U << 31U) - 1);
}

TEST(copy_op, is_equal_in_every_member_or_not_at_all) {
  const copy_op op{page_id{1}, page_id{2}, 3, 4};
  EXPECT_EQ(op, (copy_op{page_id{1}, page_id{2}, 3, 4}));
  EXPECT_NE(op, (copy_op{page_id{0}, page_id{2}, 3, 4}));
  EXPECT_NE(op, (copy_op{page_id{1}, page_id{0}, 3, 4}));
  EXPECT_NE(op, (copy_op{page_id{1}, page_id{2}, 0, 4}));
  EXPECT_NE(op, (copy_op{page_id{1}, page_id{2}, 3, 0}));
}

}  // namespace
}  // namespace kvfolio::test
