// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kvfolio/tier/explanation.hpp>

#include <plan/config_reader.hpp>

namespace offload {

/// What a user wants to know about.
struct question {
  std::string name;                        ///< of the model, for titles
  plan::configured_model of;               ///< the model
  kvfolio::dtype kv_type;                  ///< of its cache
  kvfolio::tier::cost_model costs;         ///< of the machine
  std::uint32_t tokens_per_page = 16;      ///< of the pool
  double copies_per_page = 1;              ///< in which pages move; less where runs are merged
  std::uint64_t store_bytes = UINT64_MAX;  ///< that the store has left
  bool waits_until_out = false;            ///< the engine waits until pages are stored, too
  std::vector<std::uint64_t> lengths;      ///< of contexts, in tokens, ascending
};

/// One context that leaves and comes back.
struct row {
  kvfolio::departure leaving;      ///< what leaves
  kvfolio::tier::explanation why;  ///< what each way back costs
};

/// Returns a row for each length.
[[nodiscard]] std::vector<row> compare(const question& asked);

/// Returns the rows as a table for people.
[[nodiscard]] std::string table(const question& asked, const std::vector<row>& rows);

/// Returns them as JSON: seconds, bytes and bytes a second; null where the store has no room.
[[nodiscard]] std::string json(const question& asked, const std::vector<row>& rows);

/// Returns a name for what `why` recommends.
[[nodiscard]] std::string name_of(kvfolio::tier::way_back best);

}  // namespace offload
