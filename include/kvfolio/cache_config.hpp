// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include <kvfolio/core/math.hpp>
#include <kvfolio/model/cache_shape.hpp>
#include <kvfolio/model/page_layout.hpp>

namespace kvfolio {

/// How large a cache is, and of what. Everything a cache ever needs is allocated for these numbers
/// when it is made.
struct cache_config {
  model::cache_shape shape{};          ///< what is kept of one token
  std::uint32_t tokens_per_page = 16;  ///< tokens of one sequence that share a page
  std::uint32_t pages = 0;             ///< in the pool
  std::uint32_t max_sequences = 256;   ///< that live at the same time
  std::size_t max_tokens = 0;          ///< of one sequence; 0: as many as all pages hold
  model::token_order order = model::token_order::head_major;  ///< inside a page
  std::optional<std::uint64_t> key_seed{};  ///< of the keys by which prefixes are found: a secret
                                            ///< that no decision depends on; random if not given
  bool reserve_null_page = false;  ///< never hand out page 0, so that padding may point to it

  /// Pages that can be handed out.
  [[nodiscard]] constexpr std::size_t usable_pages() const noexcept {
    return pages - (reserve_null_page ? 1U : 0U);
  }
  /// Tokens that one sequence may have.
  [[nodiscard]] constexpr std::size_t longest() const noexcept {
    return max_tokens != 0 ? max_tokens : usable_pages() * tokens_per_page;
  }
  /// Pages that one sequence may have.
  [[nodiscard]] constexpr std::size_t longest_in_pages() const noexcept {
    return ceil_div(longest(), std::size_t{tokens_per_page});
  }
};

/// Returns `config`, if a cache can be made of it.
/// \throws std::invalid_argument saying what is wrong, and what would be right
/// \throws std::length_error if the pool has more bytes than can be counted
[[nodiscard]] constexpr const cache_config& checked(const cache_config& config) {
  const model::page_layout layout{config.shape, config.tokens_per_page, config.order};
  if (config.pages == 0) throw std::invalid_argument("kvfolio: pages is 0; a pool needs some");
  if (config.pages >= std::uint32_t{1} << 31U) {
    throw std::invalid_argument(
        "kvfolio: pages must be below 2^31, because kernels read int32 ids");
  }
  if (config.usable_pages() == 0) {
    throw std::invalid_argument("kvfolio: reserve_null_page takes the only page; make pages 2");
  }
  if (config.max_sequences == 0) {
    throw std::invalid_argument("kvfolio: max_sequences is 0; allow at least one");
  }
  (void)checked_mul(layout.bytes(), config.pages);
  return config;
}

}  // namespace kvfolio
