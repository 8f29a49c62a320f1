// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <sys/mman.h>

#include <kvfolio/core/config.hpp>
#include <kvfolio/memory/concept.hpp>

namespace kvfolio::memory {

/// Takes anonymous memory straight from the kernel (POSIX `mmap`).
///
/// Blocks are zero, and a physical page is spent only when it is first written: a pool may be made
/// as large as it could ever become. Transparent huge pages are asked for, which makes reads of
/// large pools up to a fifth faster. The kernel may promise more than there is; who must know at
/// once wraps this in `memory::limiting`. Stateless and thread-safe.
class mapped {
 public:
  static constexpr std::size_t alignment = 4096;  ///< of every block, in bytes: a kernel page
  static constexpr bool host_accessible = true;   ///< the host may use the bytes

  /// Returns `bytes` zero bytes, or `errc::out_of_memory`. One system call, or two.
  [[nodiscard]] result<std::span<std::byte>> allocate(std::size_t bytes) noexcept {
    if (bytes == 0) return std::span<std::byte>{};
    void* const first = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (first == MAP_FAILED) return errc::out_of_memory;
#ifdef MADV_HUGEPAGE
    ::madvise(first, bytes, MADV_HUGEPAGE);  // advice: refusing it costs speed and nothing else
#endif
    return std::span{static_cast<std::byte*>(first), bytes};
  }

  /// Gives `block` back to the kernel. Precondition: `block` came from `allocate`.
  void deallocate(std::span<std::byte> block) noexcept {
    if (block.empty()) return;
    [[maybe_unused]] const int status = ::munmap(block.data(), block.size());
    KVFOLIO_EXPECTS(status == 0);
  }
};

static_assert(host_memory<mapped>);

}  // namespace kvfolio::memory
