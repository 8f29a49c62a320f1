// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <semantics.hpp>

namespace replay::test {

/// The requests of a trace, and the ids that they view.
class block_trace {
 public:
  /// Loads a trace of one JSON object a line. \throws std::runtime_error if it has none
  explicit block_trace(const std::filesystem::path& path) {
    std::ifstream file{path};
    for (std::string line; std::getline(file, line);) {
      const auto row = nlohmann::json::parse(line);
      ids_.push_back(row["hash_ids"]);
      requests_.push_back({row["timestamp"], row["input_length"], row["output_length"], {}});
    }
    if (requests_.empty()) throw std::runtime_error{path.string() + " has no requests"};
    for (std::size_t i = 0; i < ids_.size(); ++i) requests_[i].hash_ids = ids_[i];
  }

  /// The requests, in the order of the file. Valid while the trace lives and is not moved.
  [[nodiscard]] const std::vector<block_request>& requests() const noexcept { return requests_; }

 private:
  std::vector<std::vector<std::uint64_t>> ids_;
  std::vector<block_request> requests_;
};

}  // namespace replay::test
