// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

#include <replay/generator.hpp>
#include <support/progress.hpp>

namespace replay {

/// Writes a made-up trace of `requests` requests to the file at `path`, or to the standard output
/// if that is "-", line by line. \throws std::runtime_error saying which file could not be written,
/// and why
inline void write_generated(std::uint64_t requests, std::uint64_t seed, const std::string& path) {
  std::ofstream file;
  if (path != "-") file.open(path, std::ios::binary);
  auto& out = path == "-" ? std::cout : static_cast<std::ostream&>(file);
  {
    support::progress progress{"requests", requests};
    generator made{seed};
    for (std::uint64_t done = 0; out && done < requests; ++done) {
      out << made.next_line();
      progress.at(done);
    }
  }
  if (!out.flush()) {
    const auto why = std::generic_category().message(errno);
    throw std::runtime_error("cannot write " + path + ": " + why);
  }
}

}  // namespace replay
