// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/contiguous_cache.hpp>

#include "plain_batch.hpp"
#include <attention/decode.hpp>
#include <attention/mapped_row.hpp>
#include <attention/reference.hpp>

namespace attention {
namespace {

TEST(mapped_row, kernels_read_what_a_contiguous_cache_maps) {
  for (const auto type : {kv::dtype::f16, kv::dtype::i8}) {
    auto stored = kv::model::grouped_query(2, 2, 64, type);
    if (type == kv::dtype::i8) stored = kv::model::with_scales(stored, 4);
    kv::contiguous_cache<> cache{
        {.shape = stored, .max_tokens = 20'000, .bytes = std::size_t{64} << 20U}};
    auto chat = cache.create().value();
    constexpr std::size_t tokens = 300;
    chat.append(tokens).value();
    constexpr std::uint32_t layer = 1;
    const bool scaled = type == kv::dtype::i8;
    const auto keys = cache.keys(layer, chat);
    const auto values = cache.values(layer, chat);
    const auto scales = scaled ? cache.scales(layer, chat) : decltype(keys){};
    history past;
    const auto draw = normal_numbers(1);
    for (std::size_t token = 0; token < tokens; ++token) {
      for (std::size_t head = 0; head < stored.kv_heads; ++head) {
        const auto fill = [&](const auto& view, std::size_t scale, std::vector<float>& into) {
          std::vector<float> numbers(64);
          for (auto& each : numbers) each = draw();
          round_and_store(type, numbers, &view(token, head, 0U),
                          scaled ? &scales(token, head, scale) : nullptr);
          into.insert(into.end(), numbers.begin(), numbers.end());
        };
        fill(keys, 0, past.keys);
        fill(values, 2, past.values);
      }
    }
    const auto shape = geometry_of(stored, type, 8);
    const auto queries = random_numbers(8 * 64, 2);
    std::vector<float> output(8 * 64);
    const auto row = row_of(keys, values, scales);
    decode(contiguous{{&row, 1}}, shape, queries, output);
    const auto expected = reference(past, shape, {}, tokens - 1, queries);
    EXPECT_LE(compare(output, expected).relative_rms, 1e-6) << static_cast<int>(type);
  }
}

}  // namespace
}  // namespace attention
