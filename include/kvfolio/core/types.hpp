// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace kvfolio {

/// Index of a physical page inside one pool, in `[0, pages)`. Pools have fewer than 2^31 pages, so
/// that every id is also a non-negative `std::int32_t`, which is what kernels read.
enum class page_id : std::uint32_t {};

/// Returns the array position that `page` names.
[[nodiscard]] constexpr std::size_t to_index(page_id page) noexcept {
  return static_cast<std::size_t>(page);
}

/// Returns the id of the page at array position `index`. Precondition: `index` fits a `page_id`.
[[nodiscard]] constexpr page_id to_page(std::size_t index) noexcept {
  return static_cast<page_id>(index);
}

/// One vocabulary entry, as tokenizers and kernels write it.
using token_id = std::int32_t;

/// Names what a page holds: its tokens, everything before them, and their key scope.
///
/// Equal contents have equal keys, in every process that shares the hash. Eviction policies keep
/// history by key, where a collision costs accuracy; whoever finds pages by key must verify them.
enum class content_key : std::uint64_t {};

/// The conversation that a request belongs to, as the engine numbers them; 0 means unknown.
enum class session_id : std::uint64_t {};

}  // namespace kvfolio
