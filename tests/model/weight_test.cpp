// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/model/weight.hpp>

namespace kvfolio::test {
namespace {

using model::weight;
using model::weight_cut;
using model::weight_kind;

TEST(weight, has_the_elements_of_its_units_and_experts) {
  const weight up{weight_kind::matrix, weight_cut::width, 8, 4, 4, false, 3};
  EXPECT_EQ(up.elements(2), 8U) << "of one expert";
  EXPECT_EQ(up.elements(), 8U * 4 * 3);
  const weight dense{weight_kind::matrix, weight_cut::width, 8, 4, 4};
  EXPECT_EQ(dense.elements(), 32U);
}

TEST(weight, a_cut_across_rows_must_leave_whole_blocks) {
  const auto formats = model::gguf(model::formats::q4_k, model::formats::q6_k);
  const weight down{weight_kind::matrix, weight_cut::width, 512, 3, 512, true};
  EXPECT_EQ(bytes_in(formats, down, 512), 3U * 2 * 144);
  EXPECT_EQ(bytes_in(formats, down, 256), 3U * 144);
  EXPECT_THROW(static_cast<void>(bytes_in(formats, down, 128)), std::invalid_argument);
  EXPECT_EQ(bytes_in(formats, down, 0), 0U);
}

TEST(weight, squares_of_fp8_have_a_scale_each_even_at_the_edge) {
  auto formats = model::uniform(dtype::bf16);
  formats.matrices = model::formats::fp8_block_128;
  const weight part{weight_kind::matrix, weight_cut::whole, 1, 130 * 200, 200};
  EXPECT_EQ(bytes_in(formats, part, 1), 130U * 200 + 4 * 2 * 2);
}

TEST(weight, groups_of_128_need_rows_of_these_and_blocks_of_nf4_need_none) {
  auto formats = model::uniform(dtype::bf16);
  formats.matrices = model::formats::int4_group_128;
  const weight part{weight_kind::matrix, weight_cut::whole, 1, 4 * 896, 896};
  EXPECT_EQ(bytes_in(formats, part, 1), 4U * 7 * 133 / 2);
  const weight odd{weight_kind::matrix, weight_cut::whole, 1, 4 * 100, 100};
  EXPECT_THROW(static_cast<void>(bytes_in(formats, odd, 1)), std::invalid_argument);
  formats.matrices = model::formats::nf4_double;
  EXPECT_EQ(bytes_in(formats, odd, 1), 200U + 7 + 4);
  const weight whole{weight_kind::matrix, weight_cut::whole, 1, 16'384, 128};
  EXPECT_EQ(bytes_in(formats, whole, 1), 8'452U);
}

// The three files differ by the same header of names and tokens: to the byte.
TEST(weight, gguf_files_of_llama_2_7b_have_the_bytes_that_follow_from_their_formats) {
  using namespace model::formats;
  const auto llama = model::preset_named("llama-2-7b");
  constexpr std::uint64_t header = 741'056;
  EXPECT_EQ(weight_bytes(llama, model::gguf(q4_0, q6_k)) + header, 3'825'807'040U);
  EXPECT_EQ(weight_bytes(llama, model::gguf(q6_k, q6_k)) + header, 5'529'194'176U);
  EXPECT_EQ(weight_bytes(llama, model::gguf(q8_0, q8_0)) + header, 7'161'089'728U);
}

}  // namespace
}  // namespace kvfolio::test
