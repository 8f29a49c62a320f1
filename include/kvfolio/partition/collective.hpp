// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/model/architecture.hpp>

namespace kvfolio::partition {

/// What ranks do together.
enum class collective_kind : std::uint8_t {
  all_reduce,      ///< everybody has the sum
  all_gather,      ///< everybody has all parts
  reduce_scatter,  ///< everybody has a part of the sum
  all_to_all,      ///< everybody sends a part to everybody
  send,            ///< one stage to the next
};

/// The name of `kind`, as in MPI.
[[nodiscard]] constexpr std::string_view name_of(collective_kind kind) noexcept {
  switch (kind) {
    case collective_kind::all_reduce: return "all-reduce";
    case collective_kind::all_gather: return "all-gather";
    case collective_kind::reduce_scatter: return "reduce-scatter";
    case collective_kind::all_to_all: return "all-to-all";
    case collective_kind::send: return "send";
  }
  return "";
}

/// Something that ranks do together in every forward pass.
struct collective {
  std::string_view where;   ///< what it is for
  collective_kind kind;     ///< what is done
  std::uint32_t ranks = 1;  ///< that take part
  std::uint32_t times = 1;  ///< in one pass
  std::uint64_t bytes = 0;  ///< of the whole result on one rank; of what is sent, for a send

  /// Bytes that each rank sends, every time, by the ring algorithms, which send least (Patarasuk
  /// and Yuan, JPDC 69, 2009). Rounded up.
  [[nodiscard]] constexpr std::uint64_t bytes_sent() const noexcept {
    if (kind == collective_kind::send) return bytes;
    const std::uint64_t others = ranks - 1;
    const auto around = (bytes * others + ranks - 1) / ranks;
    return kind == collective_kind::all_reduce ? (2 * bytes * others + ranks - 1) / ranks : around;
  }
  /// Messages that each rank sends one after the other, every time.
  [[nodiscard]] constexpr std::uint32_t steps() const noexcept {
    if (kind == collective_kind::send) return 1;
    return kind == collective_kind::all_reduce ? 2 * (ranks - 1) : ranks - 1;
  }
};

/// How a stage of a model is computed by several ranks.
struct tensor_pass {
  std::uint32_t ranks = 1;          ///< tensor-parallel ranks
  bool expert_parallel = false;     ///< experts whole, each on one of the ranks, and not cut
  std::uint64_t tokens = 1;         ///< in the pass
  std::uint64_t logit_rows = 1;     ///< of them, those whose logits are wanted
  std::uint32_t element_bytes = 2;  ///< of activations
};

/// Returns what the ranks of one stage do together in a pass over `layers` layers, in the order of
/// the model: a sum after each attention and each MLP, which row-parallel matrices need (Shoeybi et
/// al., 2019), and one after the embedding and a gathering of logits, where the stage has these.
/// Expert-parallel MLPs send each token to its experts and back instead. Empty for one rank.
[[nodiscard]] inline std::vector<collective> tensor_collectives(const model::architecture& model,
                                                                std::uint64_t first,
                                                                std::uint64_t count,
                                                                const tensor_pass& pass) {
  KVFOLIO_EXPECTS(first + count <= model.layers.size());
  std::vector<collective> all;
  if (pass.ranks <= 1) return all;
  using enum collective_kind;
  const auto hidden_bytes = pass.tokens * model.hidden * pass.element_bytes;
  std::uint32_t sums = 0;
  std::uint32_t routed = 0;
  std::uint64_t routed_bytes = 0;
  for (auto i = first; i < first + count; ++i) {
    const auto& feeds = model.layers[i].feeds;
    const bool sends = pass.expert_parallel && feeds.experts != 0;
    sums += sends ? (feeds.shared_width != 0 ? 2 : 1) : 2;
    routed += sends ? 2 : 0;
    if (sends) routed_bytes = hidden_bytes * feeds.top_k;
  }
  if (first == 0) {
    all.push_back({"embedding", all_reduce, pass.ranks, 1, hidden_bytes});
  }
  all.push_back({"attention and MLP", all_reduce, pass.ranks, sums, hidden_bytes});
  if (routed != 0) all.push_back({"experts", all_to_all, pass.ranks, routed, routed_bytes});
  if (first + count == model.layers.size()) {
    all.push_back({"logits", all_gather, pass.ranks, 1, pass.logit_rows * model.vocabulary * 4});
  }
  return all;
}

}  // namespace kvfolio::partition
