// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/hybrid_cache.hpp>
#include <kvfolio/memory/unbacked.hpp>

#include "support/hybrid_fixture.hpp"

namespace kvfolio::test {
namespace {

// Pages of 4 tokens for a window of 8, and of 8 for full attention; a unit of 8.
hybrid_config<> two_groups(std::uint32_t pages = 40) {
  return {.groups = {{small_layers(2), group::sliding_window{8}}, {small_layers(1), group::full{}}},
          .tokens_per_page = 4,
          .pages = pages,
          .max_sequences = 4};
}

class hybrid_cache_test : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_STREQ(cache_.check_invariants(), nullptr);
    EXPECT_TRUE(cache_.reset());
    EXPECT_EQ(cache_.statistics().free_pages, cache_.statistics().pages);
    EXPECT_STREQ(cache_.check_invariants(), nullptr);
  }
  hybrid_cache<> cache_{two_groups()};
};

TEST_F(hybrid_cache_test, groups_share_a_pool_of_pages_of_equal_bytes) {
  EXPECT_EQ(cache_.groups(), 2U);
  EXPECT_EQ(cache_.tokens_per_page(0), 4U);
  EXPECT_EQ(cache_.tokens_per_page(1), 8U);
  EXPECT_EQ(cache_.unit(), 8U);
  EXPECT_EQ(cache_.plan().page_bytes, 64U);
  const auto chat = fed(cache_, counted(20));
  EXPECT_EQ(cache_.statistics().used_pages, 2U + 3U);
  EXPECT_EQ(cache_.statistics().used_bytes, 5U * 64U);
  EXPECT_EQ(cache_.group_of(chat.page_at(0, 4)), 0U);
  EXPECT_EQ(cache_.group_of(chat.page_at(1, 2)), 1U);
  EXPECT_EQ(cache_.bytes(chat.page_at(1, 2)).size(), 64U);
}

// Scenario 14.
TEST_F(hybrid_cache_test, growth_that_fails_in_one_group_takes_nothing_in_any_and_keeps_windows) {
  auto chat = fed(cache_, counted(40), 8);
  auto other = cache_.create().value();
  other.append(80).value();  // 20 pages and 10
  ASSERT_EQ(cache_.statistics().free_pages + cache_.statistics().cached_pages, 40U - 30U - 7U);
  const auto window = ids(chat, 0);
  // 2 pages of the window's group and 1 more could be had, and 3 and 2 are needed.
  expect_failure(cache_, errc::out_of_pages, [&] { return chat.append(12); });
  EXPECT_EQ(ids(chat, 0), window);
  EXPECT_FALSE(chat.probe(12).fits());
  EXPECT_TRUE(chat.append(8));
}

// Scenario 39.
TEST_F(hybrid_cache_test, pages_out_of_a_window_become_holes_and_the_count_of_pages_levels_off) {
  auto chat = cache_.create().value();
  const auto tokens = counted(80);
  for (std::size_t length = 1; length <= tokens.size(); ++length) {
    feed(chat, std::span{tokens}.first(length));
    EXPECT_EQ(chat.page_count(0), (length + 3) / 4) << "positions stay where they are";
    EXPECT_LE(pages_in(chat, 0), 3U) << "a window of 8 lies in 3 pages at most";
    EXPECT_EQ(pages_in(chat, 1), (length + 7) / 8);
  }
  EXPECT_EQ(ids(chat, 0).front(), -1);
  EXPECT_NE(chat.page_at(0, 19), no_page);
}

// Scenario 39, of sinks.
TEST(hybrid_sinks, the_first_tokens_are_kept_for_ever) {
  hybrid_cache<> cache{{.groups = {{small_layers(1), group::sliding_window{8, 5}}},
                        .tokens_per_page = 4,
                        .pages = 10,
                        .max_tokens = 200,
                        .max_step = 1}};
  auto chat = fed(cache, counted(200), 1);
  const auto table = ids(chat, 0);
  EXPECT_GE(table[0], 0);
  EXPECT_GE(table[1], 0);
  EXPECT_EQ(table[2], -1);
  EXPECT_EQ(pages_in(chat, 0), 2U + 2U) << "200 tokens in a pool of 40: 8 of them in the window";
}

// Scenario 40.
TEST_F(hybrid_cache_test, a_page_that_a_window_let_go_can_be_found_until_it_is_evicted) {
  const auto tokens = counted(41);
  auto chat = fed(cache_, tokens, 8);
  EXPECT_EQ(ids(chat, 0)[2], -1);
  EXPECT_GT(cache_.statistics().cached_pages, 0U) << "let go of, and not lost";
  auto early = cache_.create(std::span{tokens}.first(20)).value();
  EXPECT_EQ(early.length(), 16U) << "where the window is in pages 2 and 3";
  EXPECT_GE(ids(early, 0)[2], 0);
  EXPECT_EQ(ids(early, 0)[1], -1) << "which it needs no more";
  EXPECT_EQ(ids(early, 1)[0], ids(chat, 1)[0]);
  early.release();
  auto hog = cache_.create().value();
  hog.append(cache_.statistics().free_pages / 3 * 8).value();
  const auto rest = cache_.statistics();
  hog.append((rest.free_pages + rest.cached_pages) / 3 * 8).value();
  auto late = cache_.create(std::span{tokens}.first(20)).value();
  EXPECT_EQ(late.length(), 0U) << "the window of 16 is gone, though full attention has it all";
}

TEST_F(hybrid_cache_test, a_hit_needs_a_whole_window) {
  const auto tokens = counted(41);
  { const auto chat = fed(cache_, tokens); }
  EXPECT_EQ(cache_.create(std::span{tokens}).value().length(), 40U);
  EXPECT_EQ(cache_.create(std::span{tokens}.first(40)).value().length(), 32U)
      << "the last token is computed";
}

// Scenario 41.
TEST(hybrid_order, the_joint_hit_is_the_same_in_any_order_of_groups) {
  const std::vector<layer_group<>> groups{{small_layers(4), group::full{}},
                                          {small_layers(2), group::sliding_window{20}},
                                          {model::recurrent(1, 16, dtype::f32), group::state{16}},
                                          {small_layers(1), group::chunked_local{32}}};
  std::vector<std::size_t> order{0, 1, 2, 3};
  std::vector<std::size_t> hits;
  do {
    hybrid_config<> config{.tokens_per_page = 4, .pages = 90, .max_sequences = 3};
    for (const auto which : order) config.groups.push_back(groups[which]);
    hybrid_cache<> cache{config};
    ASSERT_EQ(cache.unit(), 16U);
    std::vector<std::size_t> now;
    for (const token_id first : {1, 1'000, 2'000}) {
      { const auto chat = fed(cache, counted(100, first), 10); }
      for (const std::size_t length : {30U, 64U, 65U, 100U}) {
        const auto prompt = counted(length, 1);
        now.push_back(cache.probe(prompt).hit_tokens);
        now.push_back(cache.create(prompt).value().length());
      }
    }
    EXPECT_STREQ(cache.check_invariants(), nullptr);
    if (hits.empty()) hits = now;
    EXPECT_EQ(now, hits);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(hits[0], 16U);
  EXPECT_EQ(hits[7], 96U);
}

// Scenario 41: one group's miss forces 0.
TEST(hybrid_order, without_what_one_group_needs_there_is_no_hit) {
  hybrid_cache<> cache{{.groups = {{small_layers(1), group::full{}},
                                   {model::recurrent(1, 8, dtype::f16), group::state{16}}},
                        .tokens_per_page = 4,
                        .pages = 12}};
  ASSERT_EQ(cache.unit(), 16U);
  const auto tokens = counted(16);
  { const auto chat = fed(cache, std::span{tokens}.first(15)); }
  EXPECT_EQ(cache.create(tokens).value().length(), 0U)
      << "three pages of attention were full, and no checkpoint was reached";
}

// Scenario 42.
TEST(hybrid_state, only_checkpoints_match_and_one_is_chosen_and_the_rest_let_go) {
  // A checkpoint after each token: how a speculation keeps its ways back open.
  hybrid_cache<> cache{{.groups = {{model::recurrent(1, 8, dtype::f16), group::state{1}}},
                        .pages = 12,
                        .max_sequences = 2}};
  const auto tokens = counted(20);
  auto chat = fed(cache, std::span{tokens}.first(5));
  EXPECT_EQ(pages_in(chat, 0), 1U) << "the last state";
  chat.append(4).value();  // four drafts, a state behind each
  EXPECT_EQ(pages_in(chat, 0), 5U);
  const auto chosen = chat.page_at(0, 6);
  EXPECT_EQ(chat.truncate(7).value().pages, 2U) << "two were accepted";
  chat.commit(std::span{tokens}.subspan(5, 2));
  EXPECT_EQ(pages_in(chat, 0), 1U);
  EXPECT_EQ(chat.page_at(0, 6), chosen);
  EXPECT_STREQ(cache.check_invariants(), nullptr);
}

TEST(hybrid_state, between_checkpoints_there_is_no_way_back) {
  hybrid_cache<> cache{{.groups = {{model::recurrent(1, 8, dtype::f16), group::state{8}}},
                        .pages = 12,
                        .max_sequences = 2,
                        .max_tokens = 100}};
  auto chat = fed(cache, counted(8));
  chat.append(12).value();
  expect_failure(cache, errc::out_of_range, [&] { return chat.truncate(19); });
  EXPECT_TRUE(chat.truncate(16)) << "a checkpoint";
  chat.commit(counted(8, 9));
  expect_failure(cache, errc::out_of_range, [&] { return chat.truncate(8); });
  EXPECT_TRUE(chat.truncate(0)) << "always possible";
  EXPECT_EQ(cache.create(counted(20)).value().length(), 16U);
}

TEST(hybrid_state, a_shared_state_is_copied_whole_before_it_goes_on) {
  hybrid_cache<> cache{{.groups = {{model::recurrent(2, 8, dtype::f16), group::state{8}}},
                        .pages = 6,
                        .max_sequences = 2,
                        .max_tokens = 100}};
  auto one = fed(cache, counted(5));
  const auto state = one.page_at(0, 0);
  for (auto& byte : cache.bytes(state)) byte = std::byte{7};
  auto other = one.fork().value();
  EXPECT_EQ(other.probe(1).pages_needed, 1U);
  other.append(1).value();
  EXPECT_NE(other.page_at(0, 0), state);
  for (const auto byte : cache.bytes(other.page_at(0, 0))) EXPECT_EQ(byte, std::byte{7});
  EXPECT_EQ(one.probe(1).pages_needed, 0U) << "it is alone now";
}

// Gemma 3 12B: 48 layers, five of six with a window of 1024, 8 KV heads of 256.
TEST(hybrid_models, gemma_3_keeps_a_window_in_five_of_six_layers) {
  const auto layers = [](std::uint32_t count) {
    return model::grouped_query(count, 8, 256, dtype::bf16);
  };
  // Groups of eight layers have equal pages: five of windows, one of full attention.
  hybrid_config<> config{.tokens_per_page = 16, .pages = 2'800, .max_sequences = 4};
  for (int i = 0; i < 5; ++i) config.groups.push_back({layers(8), group::sliding_window{1024}});
  config.groups.push_back({layers(8), group::full{}});
  config.max_step = 512;
  struct unbacked : default_policies {
    using memory = kvfolio::memory::unbacked;
    using copies = deferred_copies;
  };
  hybrid_cache<unbacked> cache{config};
  EXPECT_EQ(cache.unit(), 16U);
  EXPECT_EQ(cache.plan().page_bytes, std::size_t{1} << 20U) << "a mebibyte for 16 tokens";
  auto chat = fed(cache, counted(32'768), 512);
  EXPECT_EQ(pages_in(chat, 5), 2'048U);
  for (std::size_t group = 0; group < 5; ++group) EXPECT_EQ(pages_in(chat, group), 64U);
  EXPECT_EQ(cache.statistics().used_pages, 2'048U + 5 * 64U) << "2368; 12288 if all were full";
  EXPECT_EQ(cache.most_pages(32'768), 2'048U + 5 * 97U) << "with 512 tokens in a step";
  chat.release();
  EXPECT_EQ(cache.create(counted(33'000)).value().length(), 32'768U);
}

// In one group of 40 layers and one of 8, the pages of the eight hold five times the tokens.
TEST(hybrid_models, gemma_3_in_two_groups_has_a_unit_of_80_tokens) {
  const auto plan = plan_of<group::any_rule>(
      {.groups = {{model::grouped_query(40, 8, 256, dtype::bf16), group::sliding_window{1024}},
                  {model::grouped_query(8, 8, 256, dtype::bf16), group::full{}}},
       .tokens_per_page = 16,
       .pages = 100});
  EXPECT_EQ(plan.groups[0].tokens_per_page, 16U);
  EXPECT_EQ(plan.groups[1].tokens_per_page, 80U);
  EXPECT_EQ(plan.groups[0].padding_bytes + plan.groups[1].padding_bytes, 0U);
  EXPECT_EQ(plan.unit, 80U);
}

// Jamba's proportions: one attention layer in eight, of 8 KV heads of 128; 28 Mamba layers, each
// with a state of 8192 times 16 and a convolution of 8192 times 4.
TEST(hybrid_models, a_mamba_hybrid_keeps_one_state_and_its_checkpoints) {
  struct unbacked : default_policies {
    using memory = kvfolio::memory::unbacked;
    using copies = deferred_copies;
  };
  hybrid_cache<unbacked> cache{
      {.groups = {{model::recurrent(28, 8192 * 20, dtype::bf16), group::state{1'120}},
                  {model::grouped_query(4, 8, 128, dtype::bf16), group::full{}}},
       .tokens_per_page = 16,
       .pages = 60,
       .max_sequences = 3}};
  EXPECT_EQ(cache.plan().page_bytes, 9'175'040U) << "8.75 MiB: a state";
  EXPECT_EQ(cache.tokens_per_page(1), 560U) << "16 KiB a token";
  EXPECT_EQ(cache.unit(), 1'120U);
  auto chat = fed(cache, counted(10'000), 500);
  EXPECT_EQ(pages_in(chat, 0), 1U) << "the state after 10,000 tokens";
  EXPECT_EQ(pages_in(chat, 1), 18U);
  EXPECT_EQ(cache.statistics().cached_pages, 8U) << "a checkpoint each 1120 tokens";
  auto branch = cache.create(counted(5'000)).value();
  EXPECT_EQ(branch.length(), 4'480U) << "four units of 1120";
  EXPECT_EQ(pages_in(branch, 0), 1U);
  EXPECT_EQ(pages_in(branch, 1), 8U);
  EXPECT_EQ(cache.statistics().used_pages, 19U + 1U) << "the attention pages are shared";
}

TEST_F(hybrid_cache_test, equal_units_become_one_and_the_later_sequence_takes_over_the_pages) {
  const auto tokens = counted(24);
  auto one = fed(cache_, std::span{tokens}.first(4));
  auto other = fed(cache_, std::span{tokens}.first(4));
  feed(one, tokens);
  EXPECT_NE(ids(one, 1)[0], ids(other, 1)[0]);
  feed(other, tokens);
  EXPECT_EQ(ids(one, 1), ids(other, 1));
  EXPECT_EQ(ids(one, 0), ids(other, 0));
  EXPECT_EQ(cache_.statistics().resume_points, 3U);
}

TEST_F(hybrid_cache_test, where_nobody_resumed_for_longest_goes_first_and_a_probe_is_no_use) {
  const auto one = counted(9, 100);
  const auto other = counted(9, 200);
  { const auto chat = fed(cache_, one); }
  { const auto chat = fed(cache_, other); }
  EXPECT_EQ(cache_.create(one).value().length(), 8U) << "the one is younger now";
  EXPECT_EQ(cache_.probe(other).hit_tokens, 8U) << "which leaves no trace";
  auto hog = cache_.create().value();
  hog.append((cache_.statistics().free_pages + 2) / 3 * 8).value();
  EXPECT_EQ(cache_.probe(other).hit_tokens, 0U);
  EXPECT_EQ(cache_.probe(one).hit_tokens, 8U);
}

TEST_F(hybrid_cache_test, tenants_and_epochs_see_nothing_of_each_other) {
  const auto tokens = counted(41);
  { const auto chat = fed(cache_, tokens); }
  EXPECT_EQ(cache_.create(tokens, {.scope = {.salt = 1}}).value().length(), 0U);
  EXPECT_EQ(cache_.create(tokens).value().length(), 40U);
  cache_.invalidate();
  EXPECT_EQ(cache_.create(tokens).value().length(), 0U);
}

TEST_F(hybrid_cache_test, a_page_that_can_be_found_is_not_written_but_copied_or_withdrawn) {
  const auto tokens = counted(16);
  auto chat = fed(cache_, tokens);
  auto branch = chat.fork().value();
  static_cast<void>(branch.truncate(15).value());
  EXPECT_EQ(branch.probe(1).pages_needed, 2U) << "the other sequence has the last unit";
  chat.release();
  EXPECT_EQ(branch.probe(1).pages_needed, 0U) << "now nobody has, and it may be withdrawn";
  EXPECT_EQ(cache_.create(counted(17)).value().length(), 16U) << "until somebody writes";
  branch.append(1).value();
  EXPECT_EQ(cache_.create(counted(17)).value().length(), 8U);
}

TEST_F(hybrid_cache_test, calls_that_fail_say_why_and_change_nothing) {
  auto chat = fed(cache_, counted(30));
  expect_failure(cache_, errc::too_many_sequences, [&] { return cache_.create(counted(400)); });
  expect_failure(cache_, errc::too_large, [&] { return cache_.create(counted(300)); });
  expect_failure(cache_, errc::too_many_sequences, [&] { return chat.append(1'000); });
  expect_failure(cache_, errc::too_large, [&] { return chat.append(200); });
  expect_failure(cache_, errc::out_of_range, [&] { return chat.truncate(9); });
  expect_failure(cache_, errc::in_use, [&] { return cache_.reset(); });
  std::vector<hybrid_cache<>::sequence> others;
  while (others.size() < 3) others.push_back(cache_.create().value());
  expect_failure(cache_, errc::too_many_sequences, [&] { return cache_.create(); });
  expect_failure(cache_, errc::too_many_sequences, [&] { return chat.fork(); });
}

TEST(hybrid_steps, a_pool_for_the_most_pages_never_fails_who_keeps_to_the_step) {
  auto config = two_groups();
  config.max_step = 6;
  config.max_tokens = 100;
  config.max_sequences = 3;
  config.pages = 3 * 18;
  hybrid_cache<> cache{config};
  ASSERT_EQ(cache.most_pages(100), 13U + 5U);
  std::vector<hybrid_cache<>::sequence> all;
  all.reserve(3);
  for (token_id which = 0; which < 3; ++which) {
    all.push_back(fed(cache, counted(100, 1'000 * which), 6));
  }
  auto chat = std::move(all[0]);
  static_cast<void>(chat.truncate(0).value());
  expect_failure(cache, errc::out_of_range, [&] { return chat.append(7); });
}

TEST(hybrid_digests, equal_calls_give_equal_digests) {
  const auto play = [] {
    hybrid_cache<> cache{two_groups()};
    auto chat = fed(cache, counted(30), 3);
    auto branch = chat.fork().value();
    branch.append(3).value();
    static_cast<void>(chat.truncate(28).value());
    return cache.state_digest();
  };
  EXPECT_EQ(play(), play());
}

}  // namespace
}  // namespace kvfolio::test
