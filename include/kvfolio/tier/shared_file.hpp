// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>

namespace kvfolio::tier {

/// An open file that others may have open too (Linux): whole reads and writes at an offset, and
/// locks on single bytes. One owner thread; locks hold against other handles of the same process.
class shared_file {
 public:
  /// Opens `path` for reading and writing, and creates it for this user alone if there is none.
  /// Reads and writes past the cache of the system if `direct`: then offsets, sizes and addresses
  /// are multiples of `alignment`. \throws std::runtime_error saying why it could not
  shared_file(const std::string& path, bool direct) {
    const auto flags = O_RDWR | O_CREAT | O_CLOEXEC | (direct ? O_DIRECT : 0);
    do {
      descriptor_ = ::open(path.c_str(), flags, S_IRUSR | S_IWUSR);
    } while (descriptor_ < 0 && errno == EINTR);
    if (descriptor_ < 0) fail("open " + path);
  }
  /// Takes the file of `other`.
  shared_file(shared_file&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  /// Takes the file of `other`, which gets this one.
  shared_file& operator=(shared_file&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  shared_file(const shared_file&) = delete;
  shared_file& operator=(const shared_file&) = delete;
  ~shared_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  static constexpr std::size_t alignment = 4096;  ///< for direct reads and writes, in bytes

  /// Reads up to `bytes.size()` bytes at `offset`, and returns how many: fewer at the end of the
  /// file, or if the device fails.
  [[nodiscard]] std::size_t read_at(std::uint64_t offset,
                                    std::span<std::byte> bytes) const noexcept {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto some = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset + done));
      if (some < 0 && errno == EINTR) continue;
      if (some <= 0) break;
      done += static_cast<std::size_t>(some);
    }
    return done;
  }

  /// Writes all of `bytes` at `offset`. `errc::store_full` if the file may not grow so far,
  /// `errc::store_failed` otherwise; some may have been written.
  [[nodiscard]] result<void> write_at(std::uint64_t offset,
                                      std::span<const std::byte> bytes) const noexcept {
    while (!bytes.empty()) {
      const auto some =
          ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (some < 0 && errno == EINTR) continue;
      if (some <= 0) {
        const bool full = some < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
        return full ? errc::store_full : errc::store_failed;
      }
      bytes = bytes.subspan(static_cast<std::size_t>(some));
      offset += static_cast<std::uint64_t>(some);
    }
    return {};
  }

  /// Reads what lies at `offset` into `pieces`, one after the other, at once. Was that all of them?
  [[nodiscard]] bool read_pieces(std::uint64_t offset, std::span<iovec> pieces) const noexcept {
    const auto done = ::preadv(descriptor_, pieces.data(), static_cast<int>(pieces.size()),
                               static_cast<off_t>(offset));
    return done >= 0 && static_cast<std::size_t>(done) == bytes_of(pieces);
  }

  /// Writes `pieces` at `offset`, one after the other, at once. Was that all of them? Some may have
  /// been written; `write_at` says what is wrong.
  [[nodiscard]] bool write_pieces(std::uint64_t offset, std::span<iovec> pieces) const noexcept {
    const auto done = ::pwritev(descriptor_, pieces.data(), static_cast<int>(pieces.size()),
                                static_cast<off_t>(offset));
    return done >= 0 && static_cast<std::size_t>(done) == bytes_of(pieces);
  }

  /// Cuts the file, or lengthens it by zeros. \throws std::runtime_error
  void resize(std::uint64_t bytes) const {
    if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) fail("resize the file");
  }

  /// Waits until all that was written is on the device, if the device can say so.
  void flush() const noexcept { (void)::fdatasync(descriptor_); }

  /// Does so with the lock of byte `byte`, which need not exist: `F_RDLCK` shares it with others
  /// that do, `F_WRLCK` does not, `F_UNLCK` gives it up; waits for whoever is in the way if `wait`.
  /// Has this handle got what it asked for? The system gives up the locks of a process that ends.
  [[nodiscard]] bool lock(std::uint64_t byte, short kind, bool wait) const noexcept {
    struct flock range {};
    range.l_type = kind;
    range.l_whence = SEEK_SET;
    range.l_start = static_cast<off_t>(byte);
    range.l_len = 1;
    int status = 0;
    do {
      status = ::fcntl(descriptor_, wait ? F_OFD_SETLKW : F_OFD_SETLK, &range);
    } while (status != 0 && errno == EINTR);
    return status == 0;
  }

  /// \throws std::runtime_error that `what` failed, and why the system says so
  [[noreturn]] static void fail(const std::string& what) {
    throw std::runtime_error("kvfolio: cannot " + what + ": " +
                             std::generic_category().message(errno));
  }

 private:
  static std::size_t bytes_of(std::span<const iovec> pieces) noexcept {
    std::size_t bytes = 0;
    for (const auto& piece : pieces) bytes += piece.iov_len;
    return bytes;
  }

  int descriptor_ = -1;
};

}  // namespace kvfolio::tier
