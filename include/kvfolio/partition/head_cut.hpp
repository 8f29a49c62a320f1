// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <kvfolio/core/config.hpp>
#include <kvfolio/partition/error.hpp>
#include <kvfolio/partition/index_range.hpp>

namespace kvfolio::partition {

/// The heads of one tensor-parallel rank.
struct head_share {
  index_range heads;           ///< query heads
  index_range kv_heads;        ///< KV heads that these read
  std::uint32_t replicas = 1;  ///< ranks that have the same KV heads
  /// Equal in every member.
  friend constexpr bool operator==(const head_share&, const head_share&) = default;
};

/// Does nothing if heads can be cut so.
/// \throws bad_partition unless `ranks` divides `heads`, and is a multiple or divisor of `kv_heads`
inline void check_heads(std::uint32_t heads, std::uint32_t kv_heads, std::uint32_t ranks) {
  const auto fits = [&](std::uint32_t count) {
    return count != 0 && heads % count == 0 && (kv_heads % count == 0 || count % kv_heads == 0);
  };
  if (heads == 0 || kv_heads == 0) {
    throw bad_partition(refusal::bad_input, "attention without heads cannot be cut");
  }
  if (fits(ranks)) return;
  std::string counts;
  for (std::uint32_t count = 1; count <= heads; ++count) {
    if (fits(count)) counts += (counts.empty() ? "" : ", ") + std::to_string(count);
  }
  throw bad_partition(refusal::not_divisible,
                      std::to_string(heads) + " heads and " + std::to_string(kv_heads) +
                          " KV heads cannot be cut between " + std::to_string(ranks) + " ranks: " +
                          (ranks == 0 || heads % ranks != 0
                               ? "the heads are not divisible"
                               : "the KV heads can be neither divided nor repeated equally") +
                          "; these would work: " + counts);
}

/// Returns the heads of `rank`: an equal part of both, or where there are more ranks than KV heads,
/// one KV head that several ranks have (Megatron-LM and vLLM alike). O(1).
/// \throws bad_partition as `check_heads` does. Precondition: `rank < ranks`.
[[nodiscard]] inline head_share head_cut(std::uint32_t heads, std::uint32_t kv_heads,
                                         std::uint32_t ranks, std::uint32_t rank) {
  check_heads(heads, kv_heads, ranks);
  KVFOLIO_EXPECTS(rank < ranks);
  const std::uint64_t each = heads / ranks;
  if (ranks >= kv_heads) {
    const auto replicas = ranks / kv_heads;
    return {{rank * each, each}, {rank / replicas, 1}, replicas};
  }
  const std::uint64_t kv_each = kv_heads / ranks;
  return {{rank * each, each}, {rank * kv_each, kv_each}, 1};
}

}  // namespace kvfolio::partition
