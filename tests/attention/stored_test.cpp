// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <attention/kernels.hpp>
#include <attention/stored.hpp>

namespace attention {
namespace {

using kv::dtype;
using testing::Each;
using testing::ElementsAre;

TEST(round_and_store, an_integer_is_a_multiple_of_a_127th_of_the_largest) {
  std::vector<float> numbers{127, -254, 1, 0};
  std::vector<std::byte> bytes(4);
  half scale{};
  round_and_store(dtype::i8, numbers, bytes.data(), reinterpret_cast<std::byte*>(&scale));
  EXPECT_EQ(to_float(scale), 2);
  EXPECT_THAT(numbers, ElementsAre(128, -254, 2, 0));
  EXPECT_EQ(static_cast<std::int8_t>(bytes[1]), -127);
}

TEST(round_and_store, nothing_but_zeros_is_stored_as_zeros) {
  std::vector<float> numbers(3);
  std::vector<std::byte> bytes(3, std::byte{1});
  half scale{};
  round_and_store(dtype::i8, numbers, bytes.data(), reinterpret_cast<std::byte*>(&scale));
  EXPECT_THAT(numbers, Each(0));
  EXPECT_THAT(bytes, Each(std::byte{0}));
}

TEST(round_and_store, bf16_rounds_to_the_nearer_and_in_the_middle_to_the_even_one) {
  std::vector<float> numbers{1, 1.0F + 0x1p-8F, 1.0F + 0x3p-8F, 1.0F + 0x1.1p-8F, -3};
  std::vector<std::byte> bytes(2 * numbers.size());
  round_and_store(dtype::bf16, numbers, bytes.data());
  EXPECT_THAT(numbers, ElementsAre(1, 1, 1.0F + 0x1p-6F, 1.0F + 0x1p-7F, -3));
}

class each_target : public testing::TestWithParam<const kernels*> {};
INSTANTIATE_TEST_SUITE_P(gather, each_target, testing::ValuesIn(supported_kernels()),
                         [](const auto& each) { return each.param->name; });

TEST_P(each_target, reads_every_f16_there_is) {
  constexpr std::size_t patterns = 0x10000;
  std::vector<std::uint16_t> stored(patterns);
  for (std::size_t i = 0; i < patterns; ++i) stored[i] = static_cast<std::uint16_t>(i);
  std::vector<float> read(patterns);
  const token_run run{.keys = reinterpret_cast<const std::byte*>(stored.data()), .tokens = 1};
  GetParam()->gather[kernel_row(dtype::f16)](run, patterns, read.data(), patterns, 0, nullptr, 0);
  for (std::size_t i = 0; i < patterns; ++i) {
    const auto expected = to_float(static_cast<half>(i));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(read[i])) << i;
    } else {
      ASSERT_EQ(read[i], expected) << i;
    }
  }
}

TEST_P(each_target, reads_what_was_stored_and_zeros_behind_it) {
  for (const auto type : {dtype::f32, dtype::f16, dtype::bf16, dtype::i8}) {
    std::vector<float> numbers{1.25F, -3, 0.1F, 7, 5, -0.3F, 2, 2, 9};
    std::vector<std::byte> bytes(numbers.size() * kv::bits_of(type) / 8);
    half scales[2]{};
    round_and_store(type, numbers, bytes.data(), reinterpret_cast<std::byte*>(scales));
    std::vector<float> read(16, -1);
    const token_run run{
        .keys = bytes.data(), .scales = reinterpret_cast<const std::byte*>(scales), .tokens = 1};
    GetParam()->gather[kernel_row(type)](run, numbers.size(), read.data(), 16, 0, nullptr, 0);
    numbers.resize(16);
    EXPECT_EQ(read, numbers) << static_cast<int>(type);
  }
}

}  // namespace
}  // namespace attention
