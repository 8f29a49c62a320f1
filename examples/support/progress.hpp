// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

#include <unistd.h>

namespace support {

/// Says on a terminal how far a long run is; silent where the standard error is none.
class progress {
 public:
  /// Counts to `total` things that are called `what`.
  progress(std::string what, std::size_t total)
      : what_{std::move(what)}, total_{total}, shown_{isatty(STDERR_FILENO) != 0} {}
  progress(const progress&) = delete;
  progress(progress&&) = delete;
  progress& operator=(const progress&) = delete;
  progress& operator=(progress&&) = delete;
  /// Wipes the line.
  ~progress() {
    if (written_) std::fputs("\r\x1b[K", stderr);
  }

  /// `done` of them are. Writes ten times a second at most.
  void at(std::size_t done) {
    if (!shown_) return;
    const auto now = std::chrono::steady_clock::now();
    if (written_ && now - last_ < std::chrono::milliseconds{100}) return;
    last_ = now;
    written_ = true;
    std::fprintf(stderr, "\r\x1b[K%zu of %zu %s", done, total_, what_.c_str());
  }

 private:
  std::string what_;
  std::size_t total_;
  bool shown_;
  bool written_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace support
