// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/contiguous_config.hpp>
#include <kvfolio/vm/per_layer.hpp>

namespace kvfolio::test {
namespace {

constexpr auto shape = model::grouped_query(32, 8, 128, dtype::f16);
constexpr std::size_t gibibyte = std::size_t{1} << 30U;

TEST(contiguous_config, its_pages_are_whole_rows_of_chunks) {
  const contiguous_config config{
      .shape = shape, .max_tokens = 8'192, .max_sequences = 3, .bytes = gibibyte, .key_seed = 4};
  const auto pages = config.in_rows(vm::per_layer{shape, 65'536});
  EXPECT_EQ(pages.tokens_per_page, 32) << "64 KiB of 2 KiB a token and layer";
  EXPECT_EQ(pages.pages, gibibyte / (64 * 65'536)) << "64 tensors";
  EXPECT_EQ(pages.max_tokens, 8'192);
  EXPECT_EQ(pages.max_sequences, 3);
  EXPECT_EQ(pages.key_seed, 4);
  EXPECT_EQ(pages.shape, shape);
}

TEST(contiguous_config, what_is_left_of_a_row_is_not_used) {
  const contiguous_config config{
      .shape = shape, .max_tokens = 100, .bytes = 2 * 64 * 65'536 + 65'536};
  EXPECT_EQ(config.in_rows(vm::per_layer{shape, 65'536}).pages, 2);
}

TEST(contiguous_config, says_what_is_missing) {
  const vm::per_layer layout{shape, 65'536};
  const contiguous_config whole{.shape = shape, .max_tokens = 100, .bytes = gibibyte};
  EXPECT_NO_THROW(static_cast<void>(whole.in_rows(layout)));
  auto config = whole;
  config.max_tokens = 0;
  EXPECT_THROW(static_cast<void>(config.in_rows(layout)), std::invalid_argument);
  config = whole;
  config.bytes = 64 * 65'536 - 1;
  EXPECT_THROW(static_cast<void>(config.in_rows(layout)), std::invalid_argument);
  config = whole;
  config.max_sequences = 0;
  EXPECT_THROW(static_cast<void>(config.in_rows(layout)), std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
