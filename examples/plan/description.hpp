// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <kvfolio/partition.hpp>

#include <plan/arguments.hpp>
#include <plan/config_reader.hpp>

namespace plan {

/// What one device is asked to hold, and what its pool then holds.
struct fit {
  kvfolio::model::memory_parts wanted;  ///< by the sequences asked for
  std::uint64_t memory = 0;             ///< bytes of the device
  std::uint64_t pool = 0;               ///< bytes that the rule leaves for the cache
  std::uint64_t pages = 0;              ///< of 16 tokens, in all layers
  std::uint64_t largest_batch = 0;      ///< sequences of the context asked for
  std::uint64_t longest_context = 0;    ///< of so many sequences
};

/// All that is said of a model.
struct description {
  configured_model of;                                ///< the model
  kvfolio::dtype kv_type;                             ///< of its cache
  kvfolio::partition::model_cut cut;                  ///< how it is cut
  std::vector<kvfolio::partition::rank_share> ranks;  ///< what each rank has; none if not asked for
  std::optional<fit> fits;                            ///< of the fullest rank, if memory is given
};

/// Returns the model that `given` names, in the types that it asks for.
/// \throws bad_config, std::invalid_argument
[[nodiscard]] configured_model model_of(const arguments& given);

/// Returns the description of the model that `given` names.
/// \throws bad_config, std::invalid_argument, kvfolio::partition::bad_partition
[[nodiscard]] description describe(const arguments& given);

/// Returns it as JSON. \throws std::invalid_argument if a format cannot store the weights
[[nodiscard]] std::string json_description(const description& made);

/// Returns it as a table for people.
[[nodiscard]] std::string table_description(const description& made);

}  // namespace plan
