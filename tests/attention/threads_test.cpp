// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>

#include "plain_batch.hpp"
#include <attention/decode.hpp>
#include <attention/filled_batch.hpp>

namespace attention {
namespace {

// On plain threads, whose synchronisation the thread sanitizer sees; see CMakeLists.txt.
TEST(decode_step, its_parts_may_run_on_different_threads) {
  const auto stored = kv::model::grouped_query(1, 4, 16, kv::dtype::f16);
  kv::paged_cache<> cache{{.shape = stored, .pages = 300, .max_sequences = 4}};
  filled_batch batch{cache, kv::dtype::f16};
  const auto draw = normal_numbers(1);
  batch.grow(batch.create(), 3'000, draw);
  batch.grow(batch.fork(0), 10, draw);  // neighbours share pages
  batch.grow(batch.create(), 1, draw);
  const exported_table table{batch.sequences(), cache.tokens_per_page(), false};
  const auto shape = geometry_of(stored, kv::dtype::f16, 8);
  const auto queries = random_numbers(batch.size() * 8 * 16, 2);
  const auto attend = [&](std::size_t threads, std::vector<float>& output) {
    output.resize(queries.size());
    const shared_prefix prefix{.first_row = 0, .rows = 2, .tokens = 2'000};
    decode_step step{
        paged{table.rows, cache.page_array(), 0}, shape, queries, output, {&prefix, 1}};
    ASSERT_GT(step.parts(), 2U);
    std::vector<std::thread> running;
    for (std::size_t first = 0; first < threads; ++first) {
      running.emplace_back([&step, first, threads] {
        for (auto part = first; part < step.parts(); part += threads) step.run(part);
      });
    }
    for (auto& each : running) each.join();
  };
  std::vector<float> alone;
  std::vector<float> together;
  attend(1, alone);
  attend(3, together);
  EXPECT_EQ(together, alone);
}

}  // namespace
}  // namespace attention
