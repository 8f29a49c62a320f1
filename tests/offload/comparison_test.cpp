// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>

#include <offload/comparison.hpp>
#include <offload/drawing.hpp>

namespace offload::test {
namespace {

namespace kt = kvfolio::tier;
using kvfolio::dtype;
using testing::HasSubstr;
using testing::Not;

question asking_of(const char* preset) {
  question asked;
  asked.name = preset;
  asked.of = {kvfolio::model::preset_named(preset), dtype::f16,
              kvfolio::model::uniform(dtype::f16)};
  asked.kv_type = dtype::f16;
  asked.costs.work = kt::work_of(asked.of.model, asked.of.formats);
  asked.costs.computing = kt::utilised(kt::teraflops(312), 0.5);
  asked.costs.in = asked.costs.out = {kt::gigabytes_per_second(25)};
  asked.lengths = {512, 8192};
  return asked;
}

TEST(comparison, moves_whole_pages_in_as_many_copies_as_they_lie_in) {
  auto asked = asking_of("llama-3-8b");
  asked.lengths = {17};
  asked.copies_per_page = 0.75;
  const auto leaving = compare(asked).front().leaving;
  EXPECT_EQ(leaving.pages(), 2U);
  EXPECT_EQ(leaving.bytes_behind(0), 2U * 16 * 131'072);
  EXPECT_EQ(leaving.copies, 2U);
}

// 52 of 62 layers keep 1,024 tokens.
TEST(comparison, layers_with_windows_have_less_to_move) {
  auto asked = asking_of("gemma-3-27b");
  asked.lengths = {32'768};
  const auto bytes = compare(asked).front().leaving.bytes_behind(0);
  const auto token = 507'904U / 62;
  EXPECT_GE(bytes, token * (10U * 32'768 + 52U * 1024));
  EXPECT_LE(bytes, token * (10U * 32'768 + 52U * (1024 + 32)) + 2048);
}

TEST(comparison, tables_and_drawings_show_what_was_found) {
  auto asked = asking_of("llama-3-8b");
  asked.store_bytes = 512U * 131'072;
  const auto rows = compare(asked);
  EXPECT_EQ(rows[0].why.best, kt::way_back::split);
  EXPECT_EQ(rows[1].why.swap, kt::explanation::impossible);
  EXPECT_THAT(table(asked, rows), HasSubstr("no room"));
  EXPECT_THAT(json(asked, rows), HasSubstr("\"swap_seconds\": null"));
  const auto picture = drawing(asked, rows);
  EXPECT_THAT(picture, HasSubstr("<svg"));
  EXPECT_THAT(picture, Not(HasSubstr("nan")));
  EXPECT_THAT(picture, Not(HasSubstr("inf")));
}

TEST(comparison, ways_have_names) {
  EXPECT_EQ(name_of(kt::way_back::recompute), "recompute");
  EXPECT_EQ(name_of(kt::way_back::swap), "swap");
  EXPECT_EQ(name_of(kt::way_back::split), "split");
}

}  // namespace
}  // namespace offload::test
