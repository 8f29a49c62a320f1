// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/kvfolio.hpp>

#include <attention/decode.hpp>
#include <attention/filled_batch.hpp>

namespace attention {
namespace {

// On plain threads, whose synchronisation the thread sanitizer sees; see CMakeLists.txt.
TEST(attend, sequences_and_heads_may_be_attended_to_by_different_threads) {
  constexpr std::uint32_t kv_heads = 4;
  constexpr std::uint32_t query_heads = 8;
  constexpr std::uint32_t dim = 16;
  kv::paged_cache<> cache{{.shape = kv::model::grouped_query(1, kv_heads, dim, kv::dtype::f16),
                           .pages = 32,
                           .max_sequences = 4}};
  filled_batch batch{cache, kv::dtype::f16};
  std::mt19937 rng{1};
  std::normal_distribution<float> normal;
  const auto draw = [&] { return normal(rng); };
  batch.grow(batch.create(), 40, draw);
  batch.grow(batch.fork(0), 10, draw);  // neighbours share pages
  batch.grow(batch.create(), 1, draw);

  const exported_table table{batch.sequences(), cache.tokens_per_page(), false};
  std::vector<float> queries(batch.size() * query_heads * dim);
  for (auto& each : queries) each = draw();
  const decode_step step{.rows = table.rows,
                         .pages = cache.page_array(),
                         .type = kv::dtype::f16,
                         .query_heads = query_heads,
                         .queries = queries};
  std::vector<float> alone(queries.size());
  std::vector<float> together(queries.size());
  check(step, together);
  std::vector<std::thread> threads;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    for (std::uint32_t head = 0; head < kv_heads; ++head) {
      attend(step, row, head, alone);
      threads.emplace_back([&, row, head] { attend(step, row, head, together); });
    }
  }
  for (auto& each : threads) each.join();
  EXPECT_EQ(together, alone);
}

}  // namespace
}  // namespace attention
