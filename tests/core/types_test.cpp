// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <type_traits>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace kvfolio::test
