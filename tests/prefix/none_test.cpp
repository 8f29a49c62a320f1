// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <optional>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/prefix/none.hpp>

namespace kvfolio::test {
namespace {

static_assert(std::is_empty_v<prefix::none> && !prefix::none::enabled);

TEST(none, finds_nothing_whatever_it_was_told) {
  prefix::none index{4, 2, 1};
  const std::vector<token_id> page{1, 2};
  index.note(page_id{0}, 0, page);
  index.copy_note(page_id{0}, page_id{1}, 1);
  EXPECT_EQ(index.extend({}, {}, page_id{0}).page, std::nullopt);
  std::array<page_id, 2> found{};
  EXPECT_EQ(index.match({}, page, found).pages, 0U);
  EXPECT_FALSE(index.contains(page_id{0}));
  EXPECT_EQ(index.parent(page_id{0}), std::nullopt);
  EXPECT_TRUE(index.tokens(page_id{0}).empty());
  index.erase(page_id{0});
  EXPECT_EQ(index.size(), 0U);
}

}  // namespace
}  // namespace kvfolio::test
