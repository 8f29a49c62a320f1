// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include <kvfolio/core/config.hpp>

namespace kvfolio::vm {

/// A few mappings of nothing that can be given up where the kernel keeps no more of them, so that
/// there is room to undo others: at its limit even unmapping a part of a mapping fails.
///
/// O(1) system calls each. One owner thread.
class spare_mappings {
 public:
  /// Takes them, if it can.
  spare_mappings() noexcept { refill(); }
  /// Takes those of `other`.
  spare_mappings(spare_mappings&& other) noexcept : first_{std::exchange(other.first_, nullptr)} {}
  /// Exchanges them.
  spare_mappings& operator=(spare_mappings&& other) noexcept {
    std::swap(first_, other.first_);
    return *this;
  }
  spare_mappings(const spare_mappings&) = delete;
  spare_mappings& operator=(const spare_mappings&) = delete;
  ~spare_mappings() { spend(); }

  /// Are they there?
  [[nodiscard]] bool kept() const noexcept { return first_ != nullptr; }

  /// Gives them up.
  void spend() noexcept {
    if (first_ != nullptr && ::munmap(first_, pages * page_bytes()) == 0) first_ = nullptr;
  }

  /// Takes them again if they are gone; if they cannot be had, all stays as it is.
  void refill() noexcept {
    if (first_ != nullptr) return;
    const auto page = page_bytes();
    void* const first =
        ::mmap(nullptr, pages * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (first == MAP_FAILED) return;
    // Neighbours that allow different things stay apart, and so each is one mapping.
    bool apart = true;
    for (std::size_t i = 1; i < pages; i += 2) {
      apart = ::mprotect(static_cast<char*>(first) + i * page, page, PROT_NONE) == 0 && apart;
    }
    first_ = first;
    if (!apart) spend();
  }

 private:
  static constexpr std::size_t pages = 9;

  [[nodiscard]] static std::size_t page_bytes() noexcept {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }

  void* first_ = nullptr;
};

}  // namespace kvfolio::vm
