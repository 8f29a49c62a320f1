// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

#include <gtest/gtest.h>

#include <kvfolio/tier/page_mover.hpp>

namespace kvfolio::tier::test {
namespace {

TEST(host_mover, moves_both_ways_at_once) {
  std::array<std::byte, 6> pool{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  std::array<std::byte, 4> buffer{};
  host_mover mover{pool};
  const std::array out{byte_copy{1, 0, 2}};
  mover.start(direction::to_store, out, buffer);
  EXPECT_TRUE(mover.done());
  EXPECT_EQ(buffer[0], std::byte{2});
  EXPECT_EQ(buffer[1], std::byte{3});
  const std::array back{byte_copy{0, 4, 2}};
  mover.start(direction::to_pool, back, buffer);
  EXPECT_EQ(pool[4], std::byte{2});
  EXPECT_EQ(pool[5], std::byte{3});
}

}  // namespace
}  // namespace kvfolio::tier::test
