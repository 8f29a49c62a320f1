// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace kvfolio::partition {

/// What makes a partition impossible.
enum class refusal : std::uint8_t {
  not_divisible,    ///< something cannot be cut into equal parts
  too_many_stages,  ///< there are more stages than layers
  empty_stage,      ///< a stage would have no layer
  no_memory,        ///< a device cannot hold its share
  bad_input,        ///< what was asked for contradicts itself
};

/// Thrown for a partition that cannot be; `what()` says what would work.
class bad_partition : public std::invalid_argument {
 public:
  /// \param reason for programs \param message for people, without the library's name
  bad_partition(refusal reason, const std::string& message)
      : std::invalid_argument{"kvfolio: " + message}, reason_{reason} {}

  /// What was wrong.
  [[nodiscard]] refusal reason() const noexcept { return reason_; }

 private:
  refusal reason_;
};

}  // namespace kvfolio::partition
