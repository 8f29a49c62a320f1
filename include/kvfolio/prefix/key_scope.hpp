// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kvfolio {

/// What else must be equal for KV to be reused, beside the tokens. Requests in different scopes
/// never see each other's pages, nor can they learn from timing what others asked.
struct key_scope {
  std::uint64_t salt = 0;             ///< of the tenant; 0: shared by all who have none
  std::uint64_t adapter = 0;          ///< LoRA or other adapter; 0: none
  std::uint64_t adapter_version = 0;  ///< changes when the adapter's weights do

  /// Equal in every member.
  friend constexpr bool operator==(const key_scope&, const key_scope&) = default;
};

/// An image, a sound or other input whose tokens are placeholders: what it was is in the digest.
struct media_span {
  std::size_t first_token = 0;            ///< position of its first token in the prompt
  std::size_t tokens = 0;                 ///< how many
  std::array<std::uint64_t, 2> digest{};  ///< 128 bits of a hash of the content, by the engine;
                                          ///< zero if it has none: then it is like nothing else

  /// Does it have tokens among the positions `[first, first + count)`?
  [[nodiscard]] constexpr bool overlaps(std::size_t first, std::size_t count) const noexcept {
    return first_token < first + count && first < first_token + tokens;
  }
};

}  // namespace kvfolio
