// SPDX-License-Identifier: Apache-2.0
// Systems that map memory to contiguous addresses, in examples/replay.
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kvfolio/vm/per_layer.hpp>

#include <replay/mapped_system.hpp>
#include <replay/report.hpp>
#include <replay/server.hpp>

namespace replay::test {
namespace {

namespace kv = kvfolio;

constexpr nanoseconds us = 1'000;
constexpr nanoseconds ms = 1'000'000;
constexpr std::uint32_t tensors = 64;  // of llama-3-8b

// Two tokens a row, as 4 KiB hold of one layer; a token a millisecond, ten steps a second; calls
// whose sums tell how many there were.
serving_options slow(std::uint32_t rows) {
  return in_rows({.pages = rows,
                  .tokens_per_page = 2,
                  .chunk = 64,
                  .hardware = {.prefill_tps = 1'000, .decode_sps = 10},
                  .verify = true,
                  .mapping = {.model = "llama-3-8b",
                              .chunk_kib = 4,
                              .calls = {.map = us, .access = 10 * us, .unmap = 5 * us}}});
}

// Two tokens a hash id: a row.
trace of(std::vector<request> requests) {
  return {
      .name = "a test", .format = "none", .requests = std::move(requests), .tokens_per_hash = 2};
}

template <class Policies>
outcome serve(const trace& requests, const serving_options& options) {
  return server<mapped<Policies>>{requests, options}.run([](std::size_t) {});
}
outcome vattention(const trace& requests, const serving_options& options) {
  return serve<mapping_without_reuse>(requests, options);
}
outcome vtensor(const trace& requests, const serving_options& options) {
  return serve<mapping_serving>(requests, options);
}

trace chats(std::size_t count) {
  auto made = of({});
  for (std::size_t i = 0; i < count; ++i) {
    made.requests.push_back({.arrival = i * 100 * ms,
                             .prompt_tokens = static_cast<std::uint32_t>(20 + i * 37 % 60),
                             .output_tokens = static_cast<std::uint32_t>(5 + i * 13 % 40),
                             .hash_ids = {}});
    auto& ids = made.requests.back().hash_ids;
    for (std::uint64_t id = 0; 2 * id < made.requests.back().prompt_tokens; ++id) {
      ids.push_back(id < 6 ? i % 3 * 1'000 + id : i * 10'000 + id);
    }
  }
  return made;
}

std::string told(const trace& asked, const serving_options& options, const outcome& seen) {
  auto report = nlohmann::json::parse(
      json_report(std::vector{reported{asked, options, "vtensor", "lru", seen, 0}}));
  report.erase("wall");
  return report.dump();
}

TEST(mapped_systems, a_step_waits_for_the_calls_that_map_its_rows) {
  const auto asked = of({{0, 3, 2, {}}});
  const auto seen = vattention(asked, slow(10));
  // Two rows for the prompt, in one span for each tensor, which the first token fits too; in the
  // second step a third row.
  EXPECT_EQ(seen.mapping.maps, 3U * tensors);
  EXPECT_EQ(seen.mapping.access_changes, 2U * tensors);
  EXPECT_EQ(seen.mapping.unmaps, 0U);
  EXPECT_EQ(seen.mapping.stalled, tensors * (3 + 2 * 10) * us);
  EXPECT_EQ(seen.mapping.peak_pages, 3U);
  EXPECT_THAT(seen.first_token, testing::ElementsAre(103 * ms + tensors * 12 * us));
  EXPECT_EQ(seen.clock, 203 * ms + seen.mapping.stalled);
}

TEST(mapped_systems, in_the_background_only_what_is_longer_than_the_step_is_waited_for) {
  auto options = slow(10);
  options.mapping.background = true;
  const auto asked = of({{0, 3, 2, {}}});
  const auto hidden = vattention(asked, options);
  EXPECT_EQ(hidden.mapping.calls, tensors * (3 + 2 * 10) * us);
  EXPECT_EQ(hidden.mapping.stalled, 0U);
  EXPECT_EQ(hidden.clock, 203 * ms);
  options.mapping.calls.map = ms;  // 128 of them in the first step, 64 in the second
  const auto late = vattention(asked, options);
  EXPECT_EQ(late.mapping.stalled, 128 * ms + tensors * 10 * us - 103 * ms);
  EXPECT_EQ(late.clock, 203 * ms + late.mapping.stalled);
  EXPECT_DOUBLE_EQ(late.stalled_share,
                   static_cast<double>(late.mapping.stalled) / static_cast<double>(late.clock));
}

TEST(mapped_systems, who_comes_later_continues_where_another_was) {
  const auto once = vattention(of({{0, 3, 2, {}}}), slow(10));
  const auto twice = vattention(of({{0, 3, 2, {}}, {1'000 * ms, 4, 2, {}}}), slow(10));
  EXPECT_EQ(twice.finished, 2U);
  EXPECT_EQ(twice.mapping.calls, once.mapping.calls) << "three rows are still mapped";
  EXPECT_EQ(twice.hit_tokens, 0U);
}

TEST(mapped_systems, a_shared_prefix_is_mapped_twice_and_there_once) {
  // The second begins while the first runs, and finds two rows of its five tokens.
  const auto asked = of({{0, 5, 4, {1, 2, 3}}, {150 * ms, 5, 2, {1, 2, 4}}});
  const auto seen = vtensor(asked, slow(20));
  EXPECT_EQ(seen.finished, 2U);
  EXPECT_EQ(seen.hit_tokens, 4U);
  EXPECT_EQ(seen.mapping.maps, (5U + 4U) * tensors) << "rows of 8 or 9 tokens, and of 6 or 7";
  EXPECT_EQ(seen.mapping.peak_pages, 7U);
  const auto apart = vattention(asked, slow(20));
  EXPECT_EQ(apart.hit_tokens, 0U);
  EXPECT_EQ(apart.mapping.peak_pages, 9U);
}

TEST(mapped_systems, rows_are_the_waste) {
  // Of the three rows the last position is for nobody.
  const auto seen = vattention(of({{0, 3, 2, {}}}), slow(10));
  const auto& memory = seen.memory;
  EXPECT_NEAR(memory.token_states + memory.reserved + memory.internal + memory.external, 1, 1e-12);
  EXPECT_GT(memory.internal, 0);
  EXPECT_EQ(memory.external, 0);
  auto finer = slow(10);
  finer.mapping.model = "llama-2-7b";  // a token a row
  finer.mapping.chunk_kib = 8;
  finer.tokens_per_page = 1;
  EXPECT_EQ(vattention(of({{0, 3, 2, {}}}), in_rows(finer)).memory.internal, 0);
}

TEST(mapped_systems, serve_every_request_alike_twice_with_every_token_checked) {
  const auto asked = chats(60);
  auto options = slow(90);  // 180 positions, for requests of up to 118
  options.token_bytes = 16;
  const auto apart = vattention(asked, options);
  EXPECT_EQ(apart.finished, 60U);
  EXPECT_GT(apart.preemptions, 0U);
  EXPECT_GT(apart.tokens_checked, apart.prompt_tokens);
  EXPECT_GT(apart.mapping.unmaps, 0U) << "rows are taken from where nobody needs them";
  EXPECT_EQ(told(asked, options, apart), told(asked, options, vattention(asked, options)));

  const auto shared = vtensor(asked, options);
  EXPECT_EQ(shared.finished, 60U);
  EXPECT_GT(shared.hit_tokens, 0U);
  EXPECT_GT(shared.prefixes.evicted, 0U);
  EXPECT_EQ(told(asked, options, shared), told(asked, options, vtensor(asked, options)));

  options.verify = false;
  auto unchecked = vtensor(asked, options);
  EXPECT_EQ(unchecked.tokens_checked, 0U);
  unchecked.tokens_checked = shared.tokens_checked;
  EXPECT_EQ(told(asked, options, shared), told(asked, options, unchecked))
      << "who looks changes nothing";
}

TEST(mapped_systems, samples_share_the_prompt_and_copy_its_last_row) {
  auto options = slow(100);
  options.samples = 3;
  const auto seen = vtensor(of({{0, 5, 2, {}}}), options);
  EXPECT_EQ(seen.generated_tokens, 6U);
  EXPECT_EQ(seen.events.page_copies, 2U);
  EXPECT_EQ(seen.peak.pages, 2 + 3 + 3) << "two shared, and two more for each";
}

TEST(mapped_systems, one_wrong_bit_is_found_at_its_token) {
  auto options = slow(10);
  const auto asked = of({{0, 10, 2, {}}});
  instruments seen{kv::counting_observer{10}, copied_pages{0}, prefix_metrics{10, 2, 1}};
  auto cache = mapped<>{}.make(asked, options, seen);
  const std::vector<kv::token_id> tokens{3, 1, 4, 1, 5};
  auto made = cache.create().value();
  made.append(tokens.size()).value();
  fingerprint prefix;
  write_tokens(cache, made, tokens, prefix, 2);
  made.commit(tokens);
  prefix = {};
  EXPECT_FALSE(find_mismatch(cache, made, tokens, prefix, 2));
  const auto view = cache.values(1, made);
  const auto at = reinterpret_cast<std::uintptr_t>(view.data() + 3 * view.strides()[0]);
  const auto write = kv::vm::access::read_write;
  cache.with_source([&](auto& device) { device.host(at, write)[2] ^= std::byte{1}; });
  prefix = {};
  const auto found = find_mismatch(cache, made, tokens, prefix, 2);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->position, 3U);
  EXPECT_EQ(found->layer, 1U);
  EXPECT_EQ(found->page, made.page_at(1));
  // What is not mapped cannot be used.
  const auto beyond = at + 100 * view.strides()[0];
  EXPECT_THROW(cache.with_source([&](auto& device) { return device.host(beyond, write); }),
               std::logic_error);
}

TEST(row_shape, has_as_many_tokens_and_chunks_as_the_model) {
  const row_shape stock{{}};
  EXPECT_EQ(stock.tokens(), 1'024U);
  EXPECT_EQ(stock.bytes(), std::size_t{128} << 20U);
  EXPECT_EQ(row_shape{{.chunk_kib = 64}}.tokens(), 32U);
  for (const auto* model : {"llama-2-13b", "qwen2.5-7b", "gemma-3-27b", "phi-3-mini"}) {
    for (const std::uint32_t kib : {4U, 64U, 2'048U}) {
      const row_shape small{{.model = model, .chunk_kib = kib}};
      const auto layers = kv::model::preset_named(model).layers;
      auto whole =
          kv::model::kv_shape(layers[0].attends, layers[0].attends.kv_heads, kv::dtype::f16);
      whole.layers = static_cast<std::uint32_t>(layers.size());
      const kv::vm::per_layer real{whole, std::size_t{kib} * 1'024};
      const kv::vm::per_layer tiny{small.small(), small.small_chunk_bytes()};
      EXPECT_EQ(small.tokens(), real.tokens_per_row()) << model << ' ' << kib;
      EXPECT_EQ(tiny.tokens_per_row(), real.tokens_per_row()) << model << ' ' << kib;
      EXPECT_EQ(tiny.chunks(0), real.chunks(0)) << model << ' ' << kib;
      EXPECT_EQ(tiny.tensors(), real.tensors()) << model << ' ' << kib;
      EXPECT_EQ(small.bytes(), whole.bytes_per_token() * real.tokens_per_row());
    }
  }
}

TEST(row_shape, refuses_models_without_a_value_of_the_size_of_the_key) {
  EXPECT_THROW(row_shape{{.model = "deepseek-v2-lite"}}, std::invalid_argument);
  EXPECT_THROW(row_shape{{.model = "nothing"}}, std::invalid_argument);
}

TEST(in_rows, keeps_the_positions_of_the_pool) {
  const auto made = in_rows({.pages = 32'768, .tokens_per_page = 16, .watermark = 65});
  EXPECT_EQ(made.pages, 512U);
  EXPECT_EQ(made.tokens_per_page, 1'024U);
  EXPECT_EQ(made.watermark, 2U) << "1040 positions";
  EXPECT_THROW(static_cast<void>(in_rows({.pages = 63, .tokens_per_page = 16})),
               std::invalid_argument);
}

}  // namespace
}  // namespace replay::test
