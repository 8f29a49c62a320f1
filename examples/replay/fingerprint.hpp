// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/model/cache_shape.hpp>
#include <kvfolio/vm/concept.hpp>

namespace replay {

/// Stands in for the key and value of a token: a hash of that token and all before it, so a
/// function of prefix and position only, as real ones are. Whatever page they lie in, they betray a
/// page that was lost, swapped, overwritten or copied wrongly.
class fingerprint {
 public:
  static constexpr std::uint32_t bytes_per_layer = 8;  ///< half of them key, half value

  /// Returns the shape of a cache that keeps `token_bytes` bytes a token, in layers of 8.
  [[nodiscard]] static constexpr kvfolio::model::cache_shape shape(std::uint32_t token_bytes) {
    return kvfolio::model::grouped_query(token_bytes / bytes_per_layer, 1, 2, kvfolio::dtype::f16);
  }

  /// Goes on to the next token.
  void extend(kvfolio::token_id token) {
    state_ = (state_ ^ static_cast<std::uint32_t>(token)) * 0x9e3779b97f4a7c15U;
    state_ ^= state_ >> 32U;
  }

  /// The key, low half, and the value, high half, of the last token in `layer`.
  [[nodiscard]] std::uint64_t in_layer(std::uint32_t layer) const {
    return layer == 0 ? state_ : kvfolio::mix_bits(state_ + layer);
  }

 private:
  std::uint64_t state_ = 0x243f6a8885a308d3U;
};

/// Bytes that are not what they should be.
struct mismatch {
  std::size_t position;    ///< of the token
  kvfolio::page_id page;   ///< where it lies
  std::uint32_t layer;     ///< of the bytes
  std::uint64_t expected;  ///< the fingerprint
  std::uint64_t found;     ///< the bytes
};

namespace detail {

// The key and the value of tokens that lie one after the other, in each layer; what `needed` allows
// is done with them. In a cache with pages:
template <class Cache, class Sequence, class Run>
[[nodiscard]] auto entries_in(Cache& cache, const Sequence& /*kv*/, const Run& run,
                              std::size_t /*position*/, kvfolio::vm::access /*needed*/) {
  constexpr std::size_t half = fingerprint::bytes_per_layer / 2;
  const auto& layout = cache.layout();
  std::byte* const page = cache.bytes(run.page).data();
  return [key = page + layout.key(0, 0, run.first_token),
          value = page + layout.value(0, 0, run.first_token),
          layer_bytes = layout.bytes() / layout.shape().layers](std::uint32_t index,
                                                                std::uint32_t layer) {
    const auto offset = index * half + layer * layer_bytes;
    return std::pair{key + offset, value + offset};
  };
}
// At the addresses that a sequence has, which a device knows:
template <class Cache, class Sequence, class Run>
requires requires(Cache& cache) {
  cache.places();
}
[[nodiscard]] auto entries_in(Cache& cache, const Sequence& kv, const Run& /*run*/,
                              std::size_t position, kvfolio::vm::access needed) {
  return [&cache, &kv, position, needed](std::uint32_t index, std::uint32_t layer) {
    const auto host = [&](const auto& view) {
      const auto* const at = view.data() + (position + index) * view.strides()[0];
      return cache.with_source([&](auto& device) {
        return device.host(reinterpret_cast<std::uintptr_t>(at), needed).data();
      });
    };
    return std::pair{host(cache.keys(layer, kv)), host(cache.values(layer, kv))};
  };
}

[[nodiscard]] inline std::uint32_t layers_of(const auto& cache) {
  if constexpr (requires { cache.places(); }) {
    return cache.places().shape().layers;
  } else {
    return cache.layout().shape().layers;
  }
}

// Calls `visit(page, layer, key, value)` for the bytes of `count` tokens from `first` on, in the
// first `most` layers, after `next(position)` for each token; until `visit` returns false.
template <class Cache, class Sequence, class Next, class Visit>
void for_each_entry(Cache& cache, const Sequence& kv, std::size_t first, std::size_t count,
                    std::uint32_t most, kvfolio::vm::access needed, Next next, Visit visit) {
  const auto layers = std::min(most, layers_of(cache));
  auto position = first;
  for (const auto run : kv.runs(first, count)) {
    const auto entry = entries_in(cache, kv, run, position, needed);
    for (std::uint32_t i = 0; i < run.tokens; ++i) {
      next(position + i);
      for (std::uint32_t layer = 0; layer < layers; ++layer) {
        const auto [key, value] = entry(i, layer);
        if (!visit(run.page, layer, key, value)) return;
      }
    }
    position += run.tokens;
  }
}

}  // namespace detail

/// Writes the next tokens of `kv` after its committed ones, which are `tokens`, as the kernels of
/// an engine would, in the first `layers` layers. `prefix` is the fingerprint of what came before.
template <class Cache, class Sequence>
void write_tokens(Cache& cache, const Sequence& kv, std::span<const kvfolio::token_id> tokens,
                  fingerprint& prefix, std::uint32_t layers = UINT32_MAX) {
  const auto first = kv.committed();
  detail::for_each_entry(
      cache, kv, first, tokens.size(), layers, kvfolio::vm::access::read_write,
      [&](std::size_t position) { prefix.extend(tokens[position - first]); },
      [&](kvfolio::page_id, std::uint32_t layer, std::byte* key, std::byte* value) {
        const auto word = prefix.in_layer(layer);
        const auto low = static_cast<std::uint32_t>(word);
        const auto high = static_cast<std::uint32_t>(word >> 32U);
        std::memcpy(key, &low, sizeof low);
        std::memcpy(value, &high, sizeof high);
        return true;
      });
}

/// Returns the first place where the committed tokens of `kv`, which are the first of `tokens`, are
/// not as they were written. `prefix`, nothing before, is their fingerprint then.
template <class Cache, class Sequence>
[[nodiscard]] std::optional<mismatch> find_mismatch(Cache& cache, const Sequence& kv,
                                                    std::span<const kvfolio::token_id> tokens,
                                                    fingerprint& prefix,
                                                    std::uint32_t layers = UINT32_MAX) {
  std::optional<mismatch> found;
  std::size_t last = 0;
  detail::for_each_entry(
      cache, kv, 0, kv.committed(), layers, kvfolio::vm::access::read,
      [&](std::size_t position) { prefix.extend(tokens[last = position]); },
      [&](kvfolio::page_id page, std::uint32_t layer, const std::byte* key,
          const std::byte* value) {
        std::uint32_t low = 0;
        std::uint32_t high = 0;
        std::memcpy(&low, key, sizeof low);
        std::memcpy(&high, value, sizeof high);
        const auto word = std::uint64_t{high} << 32U | low;
        if (word == prefix.in_layer(layer)) return true;
        found = mismatch{last, page, layer, prefix.in_layer(layer), word};
        return false;
      });
  return found;
}

}  // namespace replay
