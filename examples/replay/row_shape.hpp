// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>

#include <fmt/format.h>

#include <kvfolio/core/math.hpp>
#include <kvfolio/model/attention.hpp>
#include <kvfolio/model/presets.hpp>

#include <replay/fingerprint.hpp>
#include <replay/mapping_options.hpp>
#include <replay/outcome.hpp>

namespace replay {

/// How the keys and values of a model fill chunks, a tensor for the keys and another for the values
/// of each layer; and the same with as few bytes as will do.
///
/// A token has 4 bytes of keys and of values in each layer where that many tokens fill a chunk just
/// so, and chunks are smaller in proportion: rows have as many tokens, and mapping them takes as
/// many calls, as with the bytes of the model.
class row_shape {
 public:
  /// Of the preset and the chunks that `how` names.
  /// \throws std::invalid_argument if there is no such preset, or its layers are not all alike
  explicit row_shape(const mapping_options& how) {
    namespace model = kvfolio::model;
    const auto layers = model::preset_named(how.model).layers;
    const auto shape_of = [](const model::attention& each) {
      return model::kv_shape(each, each.kv_heads, kvfolio::dtype::f16);
    };
    const auto kept = shape_of(layers.front().attends);
    for (const auto& each : layers) {
      if (kept.layers == 0 || kept.value_dim != kept.key_dim || shape_of(each.attends) != kept) {
        throw std::invalid_argument(fmt::format(
            "{} does not keep a key and a value of one size in each layer, as a system needs that "
            "maps them; --model llama-3-8b does",
            how.model));
      }
    }
    const auto bytes = kept.key_bytes() * kept.kv_heads;
    const auto chunk = std::size_t{how.chunk_kib} * 1'024;
    const auto common = std::gcd(bytes, chunk);
    tokens_ = static_cast<std::uint32_t>(chunk / common);
    token_bytes_ = 2 * bytes * layers.size();
    small_ =
        model::grouped_query(static_cast<std::uint32_t>(layers.size()), 1,
                             static_cast<std::uint32_t>(2 * bytes / common), kvfolio::dtype::f16);
  }

  /// Tokens of a row.
  [[nodiscard]] std::uint32_t tokens() const { return tokens_; }
  /// Bytes that the model keeps of a row of tokens.
  [[nodiscard]] std::size_t bytes() const { return token_bytes_ * tokens_; }
  /// The shape with few bytes.
  [[nodiscard]] const kvfolio::model::cache_shape& small() const { return small_; }
  /// The chunks for that.
  [[nodiscard]] std::size_t small_chunk_bytes() const {
    return std::size_t{fingerprint::bytes_per_layer / 2} * tokens_;
  }

 private:
  std::uint32_t tokens_ = 0;
  std::size_t token_bytes_ = 0;
  kvfolio::model::cache_shape small_{};
};

/// Returns `options` for a system whose pages are rows of chunks: the pool has as many token
/// positions, but for less than a row, and the watermark no fewer.
/// \throws std::invalid_argument as `row_shape` does, or if there is not one row
[[nodiscard]] inline serving_options in_rows(const serving_options& options) {
  const row_shape shape{options.mapping};
  const std::uint64_t size = options.tokens_per_page;
  const std::uint64_t row = shape.tokens();
  auto made = options;
  made.tokens_per_page = shape.tokens();
  made.pages = static_cast<std::uint32_t>(options.pages * size / row);
  made.watermark = static_cast<std::uint32_t>(kvfolio::ceil_div(options.watermark * size, row));
  if (made.pages == 0) {
    throw std::invalid_argument(fmt::format(
        "a row of chunks has {} tokens, and the pool is smaller; give more --pages, or less "
        "--chunk-kib",
        shape.tokens()));
  }
  return made;
}

}  // namespace replay
