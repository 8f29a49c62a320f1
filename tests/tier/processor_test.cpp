// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>
#include <kvfolio/tier/processor.hpp>

namespace kvfolio::test {
namespace {

const auto llama = tier::work_of(model::preset_named("llama-3-8b"), model::uniform(dtype::f16));

double milliseconds(tier::seconds time) {
  return time.value() * 1e3;
}

TEST(processor, few_tokens_take_as_long_as_reading_the_weights) {
  auto card = tier::utilised(tier::teraflops(165), 0.5);
  card.memory = tier::gigabytes_per_second(1008);
  EXPECT_NEAR(milliseconds(card.time(llama, 0, 1)), 13.85, 0.005);
  EXPECT_NEAR(milliseconds(card.time(llama, 0, 80)), 13.85, 0.005);
  EXPECT_NEAR(milliseconds(card.time(llama, 0, 512)), 87.5, 0.05);
  EXPECT_EQ(card.time(llama, 0, 0), tier::seconds{}) << "no pass";
}

// All 16.06 GB of them, on cards of 2,039 and 1,008 GB/s.
TEST(processor, known_floors_of_llama_3_8b) {
  auto work = llama;
  work.weight_bytes =
      model::weight_bytes(model::preset_named("llama-3-8b"), model::uniform(dtype::f16));
  auto card = tier::utilised(tier::teraflops(312), 0.5);
  card.memory = tier::gigabytes_per_second(2039);
  EXPECT_NEAR(milliseconds(card.time(work, 0, 1)), 7.9, 0.05);
  card.memory = tier::gigabytes_per_second(1008);
  EXPECT_NEAR(milliseconds(card.time(work, 0, 1)), 15.9, 0.05);
}

TEST(processor, a_pass_takes_time_beside_its_operations) {
  auto card = tier::utilised(tier::teraflops(312), 0.5);
  const auto bare = card.time(llama, 1024, 512);
  card.each_pass = tier::seconds{0.25};
  EXPECT_DOUBLE_EQ((card.time(llama, 1024, 512) - bare).value(), 0.25);
}

TEST(processor, attention_may_be_slower_than_products_of_matrices) {
  auto card = tier::utilised(tier::teraflops(312), 0.5);
  const auto before = card.time(llama, 0, 8192);
  card.attending = card.linear / 2;
  const auto more = llama.attending(0, 8192) / card.linear;
  EXPECT_NEAR((card.time(llama, 0, 8192) - before) / more, 1, 1e-9);
}

TEST(processor, a_measured_prefill_rate_says_how_fast_it_is) {
  const auto card = tier::with_prefill_rate(llama, 10'000, 2048);
  EXPECT_DOUBLE_EQ(card.time(llama, 0, 2048).value(), 0.2048);
  EXPECT_LT(card.time(llama, 0, 1024).value(), 0.1024) << "fewer to attend to";
}

TEST(processor, measured_passes_are_joined_by_lines) {
  tier::processor card;
  card.attending = tier::teraflops(1e9);  // none to speak of
  card.measured = {{100, tier::seconds{1}}, {200, tier::seconds{2}}, {400, tier::seconds{6}}};
  const auto taken = [&card](std::uint64_t tokens) { return card.time(llama, 0, tokens).value(); };
  EXPECT_NEAR(taken(1), 1, 1e-6) << "fewer take as long";
  EXPECT_NEAR(taken(100), 1, 1e-6);
  EXPECT_NEAR(taken(150), 1.5, 1e-6);
  EXPECT_NEAR(taken(200), 2, 1e-6);
  EXPECT_NEAR(taken(300), 4, 1e-6);
  EXPECT_NEAR(taken(500), 8, 1e-6) << "it goes on like that";
  EXPECT_EQ(card.time(llama, 0, 0), tier::seconds{});
  card.measured.resize(1);
  EXPECT_NEAR(taken(50), 1, 1e-6);
  EXPECT_NEAR(taken(300), 3, 1e-6);
  card.attending = tier::teraflops(1);
  EXPECT_NEAR(taken(300), 3 + llama.attending(0, 300).value() / 1e12, 1e-6);
}

}  // namespace
}  // namespace kvfolio::test
