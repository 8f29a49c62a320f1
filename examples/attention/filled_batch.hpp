// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/model/dtype.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/table/export.hpp>

#include <attention/half.hpp>
#include <attention/paged_row.hpp>
#include <attention/reference.hpp>
#include <attention/stored.hpp>

namespace attention {

namespace kv = kvfolio;

/// Sequences of a paged cache whose keys and values are random, and known: the engine that a kernel
/// would serve, as small as it can be.
template <class Cache>
class filled_batch {
 public:
  /// Draws one element of a key or value.
  using source = std::function<float()>;

  /// Begins an empty batch in `cache`, which must outlive it, with elements of `type`.
  filled_batch(Cache& cache, kv::dtype type) : cache_{cache}, type_{type} {}

  /// Adds a sequence without tokens. \throws kvfolio::bad_result
  std::size_t create() {
    sequences_.push_back(cache_.create().value());
    histories_.emplace_back();
    return size() - 1;
  }

  /// Adds a fork of sequence `parent`, which shares its pages. \throws kvfolio::bad_result
  std::size_t fork(std::size_t parent) {
    sequences_.push_back(sequences_[parent].fork().value());
    histories_.push_back(history{histories_[parent]});
    return size() - 1;
  }

  /// Adds a fork of the first `tokens` tokens of sequence `parent`, whose pages it shares.
  /// \throws kvfolio::bad_result
  std::size_t fork(std::size_t parent, std::size_t tokens) {
    const auto number = fork(parent);
    const auto& shape = cache_.layout().shape();
    const auto of_token = std::size_t{shape.layers} * shape.kv_heads;
    sequences_[number].truncate(tokens);
    histories_[number].keys.resize(tokens * of_token * shape.key_dim);
    histories_[number].values.resize(tokens * of_token * shape.value_dim);
    return number;
  }

  /// Grows sequence `number` by `tokens` tokens whose elements `draw` makes.
  /// \throws kvfolio::bad_result
  void grow(std::size_t number, std::size_t tokens, const source& draw) {
    auto& grown = sequences_[number];
    const auto first = grown.length();
    grown.append(tokens).value();
    for (const auto run : grown.runs(first, tokens)) {
      for (std::uint32_t i = 0; i < run.tokens; ++i) {
        fill_token(cache_.bytes(run.page), run.first_token + i, histories_[number], draw);
      }
    }
  }

  /// Number of sequences.
  [[nodiscard]] std::size_t size() const noexcept { return sequences_.size(); }
  /// The sequences, for the exporters.
  [[nodiscard]] const auto& sequences() const noexcept { return sequences_; }
  /// What the pages of sequence `number` hold.
  [[nodiscard]] const history& past(std::size_t number) const { return histories_[number]; }

 private:
  void fill_token(std::span<std::byte> page, std::uint32_t token, history& past,
                  const source& draw) {
    const auto& layout = cache_.layout();
    const auto& shape = layout.shape();
    for (std::uint32_t layer = 0; layer < shape.layers; ++layer) {
      for (std::uint32_t head = 0; head < shape.kv_heads; ++head) {
        auto* const scales = page.data() + layout.scale(layer, head, token);
        fill(page.data() + layout.key(layer, head, token), scales, shape.key_dim, past.keys, draw);
        fill(page.data() + layout.value(layer, head, token), scales + sizeof(half), shape.value_dim,
             past.values, draw);
      }
    }
  }

  void fill(std::byte* to, std::byte* scale, std::size_t size, std::vector<float>& past,
            const source& draw) {
    std::vector<float> numbers(size);
    std::generate(numbers.begin(), numbers.end(), draw);
    round_and_store(type_, numbers, to, scale);
    past.insert(past.end(), numbers.begin(), numbers.end());
  }

  Cache& cache_;
  kv::dtype type_;
  std::vector<typename Cache::sequence> sequences_;
  std::vector<history> histories_;  // by sequence
};

/// The exported page table of a batch, and the rows that a kernel reads. Neither moves nor copies,
/// as the rows are views.
struct exported_table {
  /// Exports `sequences`, padded with id -1, which no kernel may touch, or in compressed rows.
  template <class Sequences>
  exported_table(const Sequences& sequences, std::uint32_t tokens_per_page, bool padded) {
    const auto extent = kv::table::measure(sequences);
    if (padded) {
      const auto width = extent.widest + 1;
      ids.resize(extent.rows * width);
      kv::table::export_padded(sequences, std::span{ids}, {.width = width, .id = -1}).value();
      std::vector<std::size_t> lengths;
      for (const auto& each : sequences) lengths.push_back(each.length());
      rows = rows_of_padded(ids, width, lengths);
    } else {
      ids.resize(extent.pages);
      indptr.resize(extent.rows + 1);
      last_page_len.resize(extent.rows);
      kv::table::export_csr(sequences, {indptr, ids, last_page_len}, tokens_per_page).value();
      rows = rows_of_csr(indptr, ids, last_page_len, tokens_per_page);
    }
  }
  exported_table(const exported_table&) = delete;
  exported_table& operator=(const exported_table&) = delete;

  std::vector<std::int32_t> ids;            ///< of the pages
  std::vector<std::int32_t> indptr;         ///< empty, if padded
  std::vector<std::int32_t> last_page_len;  ///< empty, if padded
  std::vector<paged_row> rows;              ///< views of `ids`
};

}  // namespace attention
