// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/hybrid_cache.hpp>

namespace kvfolio::test {

/// `layers` layers that keep 8 bytes of a token each.
[[nodiscard]] inline model::cache_shape small_layers(std::uint32_t layers) {
  return model::grouped_query(layers, 1, 2, dtype::f16);
}

/// `count` tokens from `first` on.
[[nodiscard]] inline std::vector<token_id> counted(std::size_t count, token_id first = 1) {
  std::vector<token_id> values(count);
  for (auto& each : values) each = first++;
  return values;
}

/// Computes the rest of `tokens` for `target`, which has some of them, `step` at a time.
template <class Sequence>
void feed(Sequence& target, std::span<const token_id> tokens, std::size_t step = SIZE_MAX) {
  while (target.length() < tokens.size()) {
    const auto count = std::min(step, tokens.size() - target.length());
    target.append(count).value();
    target.commit(tokens.subspan(target.committed(), count));
  }
}

/// A new sequence that has computed `tokens`, and not found them.
template <class Cache>
[[nodiscard]] auto fed(Cache& cache, std::span<const token_id> tokens,
                       std::size_t step = SIZE_MAX) {
  auto made = cache.create(tokens).value();
  feed(made, tokens, step);
  return made;
}

/// The ids in the table of a group; -1 where there is a hole.
template <class Sequence>
[[nodiscard]] std::vector<std::int32_t> ids(const Sequence& target, std::size_t group) {
  std::vector<std::int32_t> out(target.page_count(group));
  target.export_pages(group, out);
  return out;
}

/// Pages in the table of a group, without holes.
template <class Sequence>
[[nodiscard]] std::size_t pages_in(const Sequence& target, std::size_t group) {
  std::size_t count = 0;
  for (const auto id : ids(target, group)) count += id >= 0 ? 1 : 0;
  return count;
}

/// Calls `verb()`, which must fail with `error` and change nothing.
template <class Cache, class Verb>
void expect_failure(const Cache& cache, errc error, Verb verb) {
  const auto digest = cache.state_digest();
  const auto seen = cache.statistics();
  const auto outcome = verb();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error(), error) << to_string(outcome.error());
  EXPECT_EQ(cache.state_digest(), digest);
  EXPECT_EQ(cache.statistics(), seen);
}

}  // namespace kvfolio::test
