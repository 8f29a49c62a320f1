// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kvfolio/core/config.hpp>

namespace kvfolio::vm {

/// A file that has no name and no disk: physical memory that can be mapped in several places
/// (Linux, `memfd_create`).
///
/// Memory is there from `commit` on, already zeroed, so that no access ever fails for want of it.
/// System calls only; O(bytes). One owner thread.
class memory_file {
 public:
  static constexpr std::size_t huge_page = 2U << 20U;  ///< bytes

  /// None.
  memory_file() noexcept = default;
  /// Creates one, of the kernel's reserve of huge pages if `reserved`; check `is_open()`.
  explicit memory_file(bool reserved) noexcept
      : file_{::memfd_create("kvfolio", MFD_CLOEXEC | (reserved ? huge_pages_of_2_mib : 0U))} {}
  /// Takes the file of `other`.
  memory_file(memory_file&& other) noexcept
      : file_{std::exchange(other.file_, -1)}, size_{other.size_} {}
  /// Exchanges the files.
  memory_file& operator=(memory_file&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(size_, other.size_);
    return *this;
  }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;
  ~memory_file() {
    if (is_open()) ::close(file_);
  }

  /// Is there a file?
  [[nodiscard]] bool is_open() const noexcept { return file_ >= 0; }
  /// To map it, while this lives.
  [[nodiscard]] int descriptor() const noexcept { return file_; }

  /// Puts zeroed memory behind `[offset, offset + bytes)`, where there is none, and returns whether
  /// there was enough; if not, nothing changed. Both are multiples of a page.
  [[nodiscard]] bool commit(std::uint64_t offset, std::size_t bytes) noexcept {
    if (!grow(offset + bytes)) return false;
    // In pieces, because a signal makes the kernel begin a call anew.
    for (std::size_t done = 0; done < bytes;) {
      const auto piece = std::min(huge_page, bytes - done);
      if (!allocate(0, offset + done, piece)) {
        discard(offset, done);
        return false;
      }
      done += piece;
    }
    // The kernel may put off zeroing until the first access; now is the time for it.
    const window now{*this, offset, bytes};
    if (now.first() == nullptr || populate(now.first(), bytes)) return true;
    discard(offset, bytes);
    return false;
  }

  /// Moves what `commit` put there into huge pages, as far as the kernel agrees, and returns
  /// whether it did altogether. Both are multiples of `huge_page`. Takes milliseconds a page.
  [[nodiscard]] bool collapse(std::uint64_t offset, std::size_t bytes) noexcept {
    const window now{*this, offset, bytes};
    return now.first() != nullptr && ::madvise(now.first(), bytes, collapse_pages) == 0;
  }

  /// Enters pages that may be written in the page tables, and returns whether there was memory for
  /// them. Does nothing on kernels before 5.14.
  [[nodiscard]] static bool populate(void* first, std::size_t bytes) noexcept {
    return ::madvise(first, bytes, populate_write) == 0 || errno == EINVAL;
  }

  /// Gives back the memory there. What maps it reads zeros.
  void discard(std::uint64_t offset, std::size_t bytes) noexcept {
    if (bytes > 0) allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, bytes);
  }

 private:
  // Newer than the C library that we build with.
  static constexpr unsigned huge_pages_of_2_mib = 0x0004U | 21U << 26U;
  static constexpr int populate_write = 23;
  static constexpr int collapse_pages = 25;

  // The bytes of the file for a moment, at a multiple of a huge page.
  class window {
   public:
    window(const memory_file& file, std::uint64_t offset, std::size_t bytes) noexcept
        : room_bytes_{bytes + huge_page} {
      void* const room = ::mmap(nullptr, room_bytes_, PROT_NONE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (room == MAP_FAILED) return;
      room_ = room;
      const auto address = reinterpret_cast<std::uintptr_t>(room);
      void* const aligned =
          static_cast<char*>(room) + (huge_page - address % huge_page) % huge_page;
      void* const mapped = ::mmap(aligned, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                                  file.file_, static_cast<off_t>(offset));
      if (mapped != MAP_FAILED) mapped_ = mapped;
    }
    window(const window&) = delete;
    window(window&&) = delete;
    window& operator=(const window&) = delete;
    window& operator=(window&&) = delete;
    ~window() {
      if (room_ != nullptr) ::munmap(room_, room_bytes_);
    }

    // Null if there is no room for it.
    [[nodiscard]] void* first() const noexcept { return mapped_; }

   private:
    std::size_t room_bytes_;
    void* room_ = nullptr;
    void* mapped_ = nullptr;
  };

  [[nodiscard]] bool grow(std::uint64_t size) noexcept {
    constexpr std::uint64_t step = std::uint64_t{1} << 30U;  // rarely; size alone takes no memory
    if (size <= size_) return true;
    const auto wanted = (size + step - 1) / step * step;
    if (::ftruncate(file_, static_cast<off_t>(wanted)) != 0) return false;
    size_ = wanted;
    return true;
  }

  bool allocate(int mode, std::uint64_t offset, std::size_t bytes) const noexcept {
    int status = 0;
    do {
      status = ::fallocate(file_, mode, static_cast<off_t>(offset), static_cast<off_t>(bytes));
    } while (status != 0 && errno == EINTR);
    return status == 0;
  }

  int file_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace kvfolio::vm
