// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <kvfolio/partition.hpp>

#include <plan/config_reader.hpp>

namespace plan {

/// A plan, and what it is of.
struct planned {
  configured_model of;                   ///< the model
  kvfolio::partition::cluster where;     ///< the devices
  kvfolio::partition::workload work;     ///< what they do
  kvfolio::partition::plan_result made;  ///< the plan
};

/// Returns it as JSON: stages, ranks with the shape of their caches, and what everything takes.
[[nodiscard]] std::string json_plan(const planned& plan);

/// Returns it as a table for people.
[[nodiscard]] std::string table_plan(const planned& plan);

/// Returns a drawing of who holds which layers and heads.
[[nodiscard]] std::string svg_plan(const planned& plan);

}  // namespace plan
