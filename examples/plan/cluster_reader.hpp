// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <kvfolio/partition.hpp>

namespace plan {

/// Returns the cluster of `devices`, "a100-40g:2,rtx3060-12g:4": machines of so many equal devices,
/// well-known ones or "24GB@80TFLOPS@900GB/s". Links within a machine are `inside`, those between
/// machines `between`, "25GB/s,10us". Of the operations a device can do it reaches `efficiency`.
/// \throws std::invalid_argument naming what is wrong, and the well-known devices
[[nodiscard]] kvfolio::partition::cluster parse_cluster(const std::string& devices,
                                                        const std::string& inside,
                                                        const std::string& between,
                                                        double efficiency);

/// Returns the workload of "prompt=1000,output=200,batch=8,rate=2"; what is not given is default.
/// \throws std::invalid_argument naming what is wrong
[[nodiscard]] kvfolio::partition::workload parse_workload(const std::string& text);

}  // namespace plan
