// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace support {

/// Writes `text` to the file at `path`, or to the standard output if `path` is "-".
/// \throws std::runtime_error saying which file could not be written, and why
inline void write_text(const std::string& path, std::string_view text) {
  const auto refuse = [&] {
    const auto why = std::error_code(errno, std::generic_category()).message();
    throw std::runtime_error("cannot write " + path + ": " + why);
  };
  const bool to_stdout = path == "-";
  auto* const file = to_stdout ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr) refuse();
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool flushed = (to_stdout ? std::fflush(file) : std::fclose(file)) == 0;
  if (!written || !flushed) refuse();
}

}  // namespace support
