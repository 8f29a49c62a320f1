// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <replay/any_policy.hpp>

namespace replay {

/// What a policy may be made from.
struct pool_facts {
  std::size_t pages = 0;          ///< in the pool
  std::size_t history = 0;        ///< keys to remember that left, where a policy remembers any
  std::uint32_t page_tokens = 0;  ///< tokens in a full page
};

/// The names of all eviction policies, in the order of a report: what `--eviction` takes.
[[nodiscard]] std::span<const std::string_view> policy_names() noexcept;

/// Returns the position of `name` among `names`, which are those of a `kind`.
/// \throws std::invalid_argument if it is none of them, naming all there are
[[nodiscard]] std::size_t position_of(std::string_view name,
                                      std::span<const std::string_view> names,
                                      std::string_view kind);

/// Is there a policy of that name? An adaptor's name and a colon may come before it, and so on:
/// `admitting:lru2`. \throws std::invalid_argument if not, naming all there are
void check_policy(std::string_view name);

/// Makes the policy of that name. \throws what `check_policy(name)` throws, std::bad_alloc
[[nodiscard]] any_policy make_policy(std::string_view name, const pool_facts& facts);

}  // namespace replay
