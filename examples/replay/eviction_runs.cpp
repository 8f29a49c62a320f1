// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include <replay/eviction_runs.hpp>
#include <replay/policy_names.hpp>
#include <replay/server.hpp>

namespace replay {
namespace {

using teller = std::function<void(std::size_t)>;

struct serving_by_choice : serving {
  using eviction = any_policy;
};

template <kvfolio::policy_bundle Policies>
outcome serve(server<Policies>&& server, const teller& tell) {
  const auto start = std::chrono::steady_clock::now();
  auto seen = server.run(tell);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  seen.wall_seconds = wall.count();
  return seen;
}

// Policies that remember what left remember as many keys as the pool has pages, times this.
constexpr std::size_t remembered_pools = 8;

}  // namespace

std::span<const std::string_view> serving_policies() noexcept {
  return policy_names();
}

std::vector<std::string_view> parse_policies(std::string_view list) {
  if (list == "all") return {policy_names().begin(), policy_names().end()};
  std::vector<std::string_view> wanted;
  for (std::size_t begin = 0; begin <= list.size();) {
    const auto end = std::min(list.find(',', begin), list.size());
    const auto asked = list.substr(begin, end - begin);
    const auto name = policy_names()[position_of(asked, policy_names(), "eviction policy")];
    if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) {
      throw std::invalid_argument(fmt::format("eviction policy '{}' is there twice", name));
    }
    wanted.push_back(name);
    begin = end + 1;
  }
  return wanted;
}

outcome serve_with(std::string_view policy, const trace& requests, const serving_options& options,
                   const teller& tell) {
  // A request has its pages touched one by one, unless the cache knows that LRU needs the last
  // alone.
  if (policy == "lru") return serve(server<serving>{requests, options}, tell);
  auto chosen = make_policy(policy, {.pages = options.pages,
                                     .history = remembered_pools * options.pages,
                                     .page_tokens = options.tokens_per_page});
  return serve(server<serving_by_choice>{requests, options, std::move(chosen)}, tell);
}

outcome serve_without_reuse(const trace& requests, const serving_options& options,
                            const teller& tell) {
  return serve(server<serving_without_reuse>{requests, options}, tell);
}

}  // namespace replay
