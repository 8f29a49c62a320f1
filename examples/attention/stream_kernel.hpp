// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <attention/element.hpp>
#include <attention/kernels.hpp>

namespace attention::ATTENTION_TARGET {

/// `Heads` queries meet up to 16 tokens: the online softmax (Milakov and Gimelshein, "Online
/// normalizer calculation for softmax", 2018; Dao et al., "FlashAttention", 2022) of one step.
///
/// What is read once is used `Heads` times. A vector of logits has a lane for each of
/// `lanes / Heads` tokens of every head, so that `lanes` sums of products are under way at once,
/// none of which waits for another, and are folded into one vector in the end. Meanwhile the lines
/// of the next step are prefetched, a few with each step of the loops: as fast as they are used.
template <class Element, std::size_t Heads>
void stream(const stream_step& step) {
  constexpr auto together = lanes / Heads;  // tokens of one vector of logits
  constexpr auto most_groups = kernels::stream_tokens / together;
  constexpr auto minus_infinity = -__builtin_inff();
  const auto& run = step.run;
  const auto groups = (run.tokens + together - 1) / together;
  alignas(sizeof(vec)) float weights[most_groups * lanes];

  ints token_of_lane{};
  for (std::size_t i = 0; i < lanes; ++i) {
    token_of_lane[i] = static_cast<std::int32_t>(i % together);
  }

  // Logits.
  constexpr auto bytes_of_step = lanes * Element::bytes;
  const vec largest = load(step.state);
  vec top = largest;
  for (std::size_t group = 0; group < groups; ++group) {
    const auto first = group * together;
    const std::byte* keys[together];
    for (std::size_t i = 0; i < together; ++i) {
      const auto token = first + i < run.tokens ? first + i : run.tokens - 1;
      keys[i] = run.keys + token * run.key_stride;
    }
    vec sums[lanes] = {};
    const auto* next = step.next_key + first * step.key_dim * Element::bytes;
    for (std::size_t at = 0; at < step.key_dim; at += lanes) {
      vec key[together];
      for (std::size_t i = 0; i < together; ++i) {
        key[i] = Element::read(keys[i] + at * Element::bytes);
      }
      for (std::size_t head = 0; head < Heads; ++head) {
        const vec query = load(step.queries + head * step.key_dim + at);
        for (std::size_t i = 0; i < together; ++i) {
          sums[head * together + i] += query * key[i];
        }
      }
      for (std::size_t line = 0; line < together * bytes_of_step; line += 64) {
        __builtin_prefetch(next + line, 0, 2);
      }
      next += together * bytes_of_step;
    }
    vec logits = sums_of(sums);
    if constexpr (Element::scaled) {
      vec scales{};
      for (std::size_t i = 0; i < together && first + i < run.tokens; ++i) {
        const auto scale = read_scales(run.scales + (first + i) * run.scale_stride).key;
        for (std::size_t head = 0; head < Heads; ++head) scales[head * together + i] = scale;
      }
      logits *= scales;
    }
    if (first + together > run.tokens) {
      logits = choose(token_of_lane < all(static_cast<std::int32_t>(run.tokens - first)), logits,
                      all(minus_infinity));
    }
    top = max(top, logits);
    store(weights + group * lanes, logits);
  }

  // Weights, relative to the largest logit so far.
  top = largest_in_blocks<static_cast<int>(together)>(top);
  vec total = load(step.state + lanes);
  auto* const sums = step.state + 2 * lanes;
  if (any(top > largest)) {
    const vec shrink = exp2(largest - top);
    total *= shrink;
    for (std::size_t head = 0; head < Heads; ++head) {
      const vec factor = all(shrink[head * together]);
      for (std::size_t at = 0; at < step.value_dim; at += lanes) {
        auto* const sum = sums + head * step.value_dim + at;
        store(sum, load(sum) * factor);
      }
    }
    store(step.state, top);
  }
  for (std::size_t group = 0; group < groups; ++group) {
    const vec weight = exp2(load(weights + group * lanes) - top);
    total += weight;
    store(weights + group * lanes, weight);
  }
  store(step.state + lanes, total);
  if constexpr (Element::scaled) {
    for (std::size_t token = 0; token < run.tokens; ++token) {
      const auto scale = read_scales(run.scales + token * run.scale_stride).value;
      for (std::size_t head = 0; head < Heads; ++head) {
        weights[token / together * lanes + head * together + token % together] *= scale;
      }
    }
  }

  // Values: `Columns` vectors of each head's sum at a time, first of these tokens alone, so that
  // errors grow with the number of steps and not of tokens.
  const auto add_columns = [&]<std::size_t Columns>(
      std::size_t at, std::integral_constant<std::size_t, Columns>) __attribute__((always_inline)) {
    vec part[Heads][Columns] = {};
    const auto* value = run.values + at * Element::bytes;
    const auto* next = step.next_value + at * Element::bytes * run.tokens;
    const auto* weight = weights;
    std::size_t inside = 0;  // of the group
    for (std::size_t token = 0; token < run.tokens; ++token) {
      vec column[Columns];
      for (std::size_t i = 0; i < Columns; ++i) {
        column[i] = Element::read(value + i * bytes_of_step);
      }
      for (std::size_t head = 0; head < Heads; ++head) {
        const vec factor = all(weight[head * together]);
        for (std::size_t i = 0; i < Columns; ++i) part[head][i] += factor * column[i];
      }
      for (std::size_t line = 0; line < Columns * bytes_of_step; line += 64) {
        __builtin_prefetch(next + line, 0, 2);
      }
      next += Columns * bytes_of_step;
      value += run.value_stride;
      ++weight;
      if (++inside == together) {
        weight += lanes - together;
        inside = 0;
      }
    }
    for (std::size_t head = 0; head < Heads; ++head) {
      for (std::size_t i = 0; i < Columns; ++i) {
        auto* const sum = sums + head * step.value_dim + at + i * lanes;
        store(sum, load(sum) + part[head][i]);
      }
    }
  };
  constexpr std::size_t most_sums = lanes == 16 ? 16 : 8;  // that registers have room for
  constexpr std::size_t columns = most_sums / Heads < 4 ? most_sums / Heads : 4;
  std::size_t at = 0;
  for (; at + columns * lanes <= step.value_dim; at += columns * lanes) {
    add_columns(at, std::integral_constant<std::size_t, columns>{});
  }
  for (; at < step.value_dim; at += lanes) {
    add_columns(at, std::integral_constant<std::size_t, 1>{});
  }
}

}  // namespace attention::ATTENTION_TARGET
