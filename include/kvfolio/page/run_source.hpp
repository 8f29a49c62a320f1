// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/memory/concept.hpp>
#include <kvfolio/page/concept.hpp>

namespace kvfolio::page {

/// A source of bytes that are runs of pages of a pool: a block is as many consecutive pages as it
/// needs. So scratch memory of an engine comes from the pages that its caches do not use.
///
/// Allocating costs what `A` takes for a run, and a page at least. The pool is the caller's, and so
/// are the bytes of the pages; both must outlive the source. As thread-safe as `A` is.
template <run_allocator A, std::size_t Alignment = 64>
class run_source {
 public:
  static constexpr std::size_t alignment = Alignment;  ///< of every block, in bytes
  static constexpr bool host_accessible = true;        ///< the caller's bytes are

  /// Takes pages from `pages`, of which page `i` is `bytes[i * page_bytes, (i + 1) * page_bytes)`.
  /// \throws std::invalid_argument if these are not aligned
  run_source(A& pages, std::span<std::byte> bytes, std::size_t page_bytes)
      : pages_{&pages}, bytes_{bytes}, page_bytes_{page_bytes} {
    if (page_bytes == 0 || page_bytes % Alignment != 0 ||
        reinterpret_cast<std::uintptr_t>(bytes.data()) % Alignment != 0) {
      throw std::invalid_argument(
          "kvfolio: pages for blocks must begin at, and be, multiples of the alignment");
    }
  }

  /// Returns a block of `bytes` bytes, or `errc::out_of_memory`.
  [[nodiscard]] result<std::span<std::byte>> allocate(std::size_t bytes) noexcept {
    if (bytes == 0) return std::span<std::byte>{};
    const auto pages = ceil_div(bytes, page_bytes_);
    if (pages > bytes_.size() / page_bytes_) return errc::out_of_memory;
    const auto run = pages_->allocate_run(static_cast<std::uint32_t>(pages));
    if (!run) return errc::out_of_memory;
    KVFOLIO_EXPECTS(to_index(run->end()) <= bytes_.size() / page_bytes_);
    return bytes_.subspan(to_index(run->first) * page_bytes_, bytes);
  }

  /// Gives `block` back. Precondition: `block` came from `allocate`.
  void deallocate(std::span<std::byte> block) noexcept {
    if (block.empty()) return;
    const auto offset = static_cast<std::size_t>(block.data() - bytes_.data());
    KVFOLIO_EXPECTS(offset % page_bytes_ == 0 && offset < bytes_.size());
    pages_->release_run({to_page(offset / page_bytes_),
                         static_cast<std::uint32_t>(ceil_div(block.size(), page_bytes_))},
                        page_history::draft);
  }

 private:
  A* pages_;
  std::span<std::byte> bytes_;
  std::size_t page_bytes_;
};

}  // namespace kvfolio::page
