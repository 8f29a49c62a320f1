// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdio>
#include <string>

#include <sys/wait.h>

namespace kvfolio::test {

/// How a program ended.
struct ended {
  int status;          ///< what it returned; -1 if it did not end by itself
  std::string output;  ///< of both streams
};

/// Runs `program arguments` in a shell, as users do. Both streams are read unless `arguments` say
/// otherwise.
inline ended run_program(const std::string& program, const std::string& arguments) {
  ended seen{-1, {}};
  auto* const pipe = popen(("exec 2>&1; \"" + program + "\" " + arguments).c_str(), "r");
  if (pipe == nullptr) return seen;
  std::array<char, 4096> buffer{};
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    seen.output.append(buffer.data(), size);
  }
  const auto status = pclose(pipe);
  seen.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return seen;
}

}  // namespace kvfolio::test
