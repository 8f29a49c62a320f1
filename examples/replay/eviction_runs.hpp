// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <replay/outcome.hpp>
#include <replay/trace.hpp>

namespace replay {

/// The names of the eviction policies by which `serve_with` can serve, in the order of a report.
[[nodiscard]] std::span<const std::string_view> serving_policies() noexcept;

/// Returns the names in `list`, which are separated by commas, or all if it is `all`. An adaptor's
/// name and a colon may come before one. Valid while `list` is.
/// \throws std::invalid_argument if one is none of them or occurs twice, naming all there are
[[nodiscard]] std::vector<std::string_view> parse_policies(std::string_view list);

/// The names of the systems that can serve: those that reserve contiguous memory when a request
/// begins, as PagedAttention (Kwon et al., SOSP 2023) describes them, `paged`, and those that map
/// memory to contiguous addresses.
[[nodiscard]] std::span<const std::string_view> serving_systems() noexcept;

/// Returns the names in `list`, as `parse_policies` does.
[[nodiscard]] std::vector<std::string_view> parse_systems(std::string_view list);

/// Serves `requests` by a cache that evicts as `policy` says, calling `tell(done)` now and then.
/// \throws std::invalid_argument if there is no such policy
[[nodiscard]] outcome serve_with(std::string_view policy, const trace& requests,
                                 const serving_options& options,
                                 const std::function<void(std::size_t)>& tell);

/// Does `system` map memory to the addresses of requests?
[[nodiscard]] bool maps_memory(std::string_view system) noexcept;

/// Returns the options by which `system` serves, if it is told these: those that map memory count
/// it in larger pages. \throws std::invalid_argument if it cannot serve so
[[nodiscard]] serving_options options_of(std::string_view system, const serving_options& options);

/// Serves `requests` as `system` does, which is not `paged`. \throws std::invalid_argument if there
/// is no such system, or if it cannot serve so
[[nodiscard]] outcome serve_as(std::string_view system, const trace& requests,
                               const serving_options& options,
                               const std::function<void(std::size_t)>& tell);

/// The same as `serve_with`, but nothing is ever found again.
[[nodiscard]] outcome serve_without_reuse(const trace& requests, const serving_options& options,
                                          const std::function<void(std::size_t)>& tell);

}  // namespace replay
