// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/partition/equal_stages.hpp>

namespace kvfolio::test {
namespace {

using partition::empty_stages;
using partition::index_range;
using partition::refusal;
using partition::stages;
namespace rule = partition::rule;

TEST(equal_stages, vllm_spares_the_last_stage_and_then_the_first) {
  EXPECT_EQ(rule::vllm(10, 4), (stages{2, 3, 3, 2}));
  EXPECT_EQ(rule::vllm(11, 4), (stages{3, 3, 3, 2}));
  EXPECT_EQ(rule::vllm(5, 2), (stages{3, 2}));
  EXPECT_EQ(rule::vllm(7, 3), (stages{2, 3, 2}));
  EXPECT_EQ(rule::vllm(61, 8), (stages{7, 7, 8, 8, 8, 8, 8, 7}));
  EXPECT_EQ(rule::vllm(80, 6), (stages{13, 13, 13, 14, 14, 13}));
  EXPECT_EQ(rule::vllm(2, 4, empty_stages::allowed), (stages{0, 1, 1, 0}));
}

TEST(equal_stages, a_partition_given_to_vllm_must_be_one) {
  EXPECT_EQ(rule::vllm(10, 3, stages{5, 3, 2}), (stages{5, 3, 2}));
  EXPECT_THROW(static_cast<void>(rule::vllm(10, 2, stages{5, 3, 2})), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(rule::vllm(11, 3, stages{5, 3, 2})), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(rule::vllm(10, 3, stages{5, 0, 5})), partition::bad_partition);
}

TEST(equal_stages, trtllm_and_deepspeed_begin_with_the_larger) {
  EXPECT_EQ(rule::trtllm(10, 4), (stages{3, 3, 2, 2}));
  EXPECT_EQ(rule::trtllm(61, 8), (stages{8, 8, 8, 8, 8, 7, 7, 7}));
  EXPECT_EQ(rule::deepspeed_uniform(10, 4), (stages{3, 3, 2, 2}));
  EXPECT_EQ(rule::deepspeed_uniform(2, 4, empty_stages::allowed), (stages{1, 1, 0, 0}));
}

TEST(equal_stages, megatron_takes_equal_stages_or_is_told) {
  EXPECT_EQ(rule::megatron(12, 4), (stages{3, 3, 3, 3}));
  EXPECT_EQ(rule::megatron(61, 8, {.first = 3, .last = 4}), (stages{3, 9, 9, 9, 9, 9, 9, 4}));
  EXPECT_EQ(rule::megatron(10, 2, {.first = 4, .last = 6}), (stages{4, 6}));
  EXPECT_EQ(rule::megatron(10, 3, {.last = 2}), (stages{4, 4, 2}));
  EXPECT_EQ(rule::megatron(10, 3, {.count_embedding = true, .count_loss = true}),
            (stages{3, 4, 3}));
}

TEST(equal_stages, interleaved_chunks_go_around) {
  EXPECT_EQ(rule::megatron_chunks(8, 2, 2),
            (std::vector<std::vector<index_range>>{{{0, 2}, {4, 2}}, {{2, 2}, {6, 2}}}));
  EXPECT_THROW(static_cast<void>(rule::megatron_chunks(8, 2, 3)), partition::bad_partition);
  EXPECT_THROW(static_cast<void>(rule::megatron_chunks(8, 2, 0)), partition::bad_partition);
}

template <class Split>
void expect_refused(Split split, refusal reason, const char* because) {
  try {
    split();
    ADD_FAILURE() << "accepted, in spite of " << because;
  } catch (const partition::bad_partition& error) {
    EXPECT_EQ(error.reason(), reason) << error.what();
    EXPECT_NE(std::string{error.what()}.find(because), std::string::npos) << error.what();
  }
}

TEST(equal_stages, what_cannot_be_is_refused_with_the_answer_of_the_peer) {
  expect_refused([] { return rule::vllm(2, 4); }, refusal::too_many_stages, "0, 1, 1, 0");
  expect_refused([] { return rule::vllm(2, 0); }, refusal::bad_input, "1 stage");
  expect_refused([] { return rule::deepspeed_uniform(2, 4); }, refusal::too_many_stages,
                 "1, 1, 0, 0");
  expect_refused([] { return rule::trtllm(2, 4); }, refusal::too_many_stages, "cannot be larger");
  expect_refused([] { return rule::megatron(10, 4); }, refusal::not_divisible, "2 would work");
  expect_refused([] { return rule::megatron(10, 2, {.first = 4, .last = 4}); },
                 refusal::not_divisible, "2 middle layers remain, but 0");
  expect_refused([] { return rule::megatron(10, 3, {.first = 9, .last = 4}); },
                 refusal::not_divisible, "fewer");
  expect_refused([] { return rule::megatron(10, 2, {.first = 4, .count_loss = true}); },
                 refusal::bad_input, "one of them");
  expect_refused([] { return rule::megatron(10, 3, {.first = 0}); }, refusal::empty_stage,
                 "0, 5, 5");
}

}  // namespace
}  // namespace kvfolio::test
