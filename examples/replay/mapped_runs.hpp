// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include <replay/outcome.hpp>
#include <replay/trace.hpp>

namespace replay {

/// Serves `requests` by a cache that maps rows of chunks to the addresses of each, and shows what
/// was computed before to those that begin alike if `options.reuse`. `options` are `in_rows`.
[[nodiscard]] outcome serve_mapped(const trace& requests, const serving_options& options,
                                   const std::function<void(std::size_t)>& tell);

}  // namespace replay
