// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include <kvfolio/core/result.hpp>

namespace kvfolio {

/// Where the bytes of the pages come from.
///
/// With `block` a span that `allocate` returned and that was not yet given back:
///
/// | expression           | meaning                                                          |
/// |----------------------|------------------------------------------------------------------|
/// | `allocate(bytes)`    | a block of `bytes` bytes at a multiple of `S::alignment`, or     |
/// |                      | `errc::out_of_memory` and nothing changed                        |
/// | `deallocate(block)`  | gives `block` back                                               |
/// | `S::alignment`       | constant: of every block, in bytes; a power of two               |
/// | `S::host_accessible` | constant: may the host read and write the bytes?                 |
///
/// Zero bytes are an empty block, and giving it back does nothing. The content of a new block is
/// unspecified. A source may be moved while its blocks are in use; it, or what it was moved to,
/// must outlive them.
// clang-format off
template <class S>
concept memory_source =
    std::movable<S> &&
    requires(S& source, std::size_t bytes, std::span<std::byte> block) {
      { source.allocate(bytes) }   noexcept -> std::same_as<result<std::span<std::byte>>>;
      { source.deallocate(block) } noexcept -> std::same_as<void>;
      requires std::same_as<decltype(S::alignment), const std::size_t>;
      requires std::same_as<decltype(S::host_accessible), const bool>;
    };

/// A source of bytes that the host may read and write.
template <class S>
concept host_memory = memory_source<S> && S::host_accessible;
// clang-format on

}  // namespace kvfolio
