// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

#include <kvfolio/page/reservation_rule.hpp>

/// \file
/// What engines did before paging, and what PagedAttention (Kwon et al., SOSP 2023, section 6.1) is
/// compared with: storage for a whole request, in one piece, when it begins. Each rule also grows
/// for requests that turn out larger than they said. O(1), and no state.

namespace kvfolio::page {

/// Storage for the longest request there can be: FasterTransformer, and "Orca (Max)".
struct static_maximum {
  static constexpr bool contiguous = true;  ///< one piece
  /// As many as a sequence may have.
  [[nodiscard]] static constexpr std::size_t storage(std::size_t /*tokens*/,
                                                     const request_size& /*size*/,
                                                     std::size_t most) noexcept {
    return most;
  }
};

/// Storage for the prompt, and for the output rounded up to a power of two: "Orca (Pow2)".
struct power_of_two {
  static constexpr bool contiguous = true;  ///< one piece
  /// At most twice the output more than the prompt.
  [[nodiscard]] static constexpr std::size_t storage(std::size_t tokens, const request_size& size,
                                                     std::size_t /*most*/) noexcept {
    const auto generated = tokens - std::min(tokens, size.prompt_tokens);
    const auto output = std::max(generated, size.output_tokens);
    return std::max(tokens, size.prompt_tokens) + (output == 0 ? 0 : std::bit_ceil(output)) -
           generated;
  }
};

/// Storage for exactly what the request will need, which an oracle knows: "Orca (Oracle)".
struct exact {
  static constexpr bool contiguous = true;  ///< one piece
  /// The prompt and the output.
  [[nodiscard]] static constexpr std::size_t storage(std::size_t tokens, const request_size& size,
                                                     std::size_t /*most*/) noexcept {
    return std::max(tokens, size.prompt_tokens + size.output_tokens);
  }
};

static_assert(reservation_rule<static_maximum> && reservation_rule<power_of_two> &&
              reservation_rule<exact>);

}  // namespace kvfolio::page
