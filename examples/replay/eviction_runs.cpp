// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include <kvfolio/page/buddy.hpp>
#include <kvfolio/page/static_reservation.hpp>

#include <replay/eviction_runs.hpp>
#include <replay/mapped_runs.hpp>
#include <replay/policy_names.hpp>
#include <replay/row_shape.hpp>
#include <replay/server.hpp>
#include <replay/timed_run.hpp>

namespace replay {
namespace {

struct serving_by_choice : serving {
  using eviction = any_policy;
};

// A system that gives each request one run of pages.
template <kvfolio::reservation_rule Rule>
struct reserving_policies : serving_without_reuse {
  using reservation = Rule;
  using page_allocator = kvfolio::page::buddy;
};
template <kvfolio::reservation_rule Rule>
using reserving = paged<reserving_policies<Rule>>;

constexpr std::array<std::string_view, 7> systems{
    "fastertransformer", "orca_max", "orca_pow2", "orca_oracle", "paged", "vattention", "vtensor"};

// The names in `list`, separated by commas, each of which `check` accepts; `all` for "all".
template <class Check>
std::vector<std::string_view> parse_names(std::string_view list,
                                          std::span<const std::string_view> all,
                                          std::string_view what, Check check) {
  if (list == "all") return {all.begin(), all.end()};
  std::vector<std::string_view> wanted;
  for (std::size_t begin = 0; begin <= list.size();) {
    const auto end = std::min(list.find(',', begin), list.size());
    const auto name = list.substr(begin, end - begin);
    check(name);
    if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) {
      throw std::invalid_argument(fmt::format("{} '{}' is there twice", what, name));
    }
    wanted.push_back(name);
    begin = end + 1;
  }
  return wanted;
}

// Policies that remember what left remember as many keys as the pool has pages, times this.
constexpr std::size_t remembered_pools = 8;

}  // namespace

std::span<const std::string_view> serving_policies() noexcept {
  return policy_names();
}

std::vector<std::string_view> parse_policies(std::string_view list) {
  return parse_names(list, policy_names(), "eviction policy", check_policy);
}

std::span<const std::string_view> serving_systems() noexcept {
  return systems;
}

std::vector<std::string_view> parse_systems(std::string_view list) {
  return parse_names(list, systems, "system", [](std::string_view name) {
    static_cast<void>(position_of(name, systems, "system"));
  });
}

bool maps_memory(std::string_view system) noexcept {
  return system == "vattention" || system == "vtensor";
}

serving_options options_of(std::string_view system, const serving_options& options) {
  auto chosen = maps_memory(system) ? in_rows(options) : options;
  chosen.request_level = system == "fastertransformer";
  if (system != "paged" && system != "vtensor") chosen.reuse = false;
  return chosen;
}

outcome serve_as(std::string_view system, const trace& requests, const serving_options& options,
                 const teller& tell) {
  const auto shares = system == "vtensor";
  if (options.samples != 1 && !shares) {
    throw std::invalid_argument(fmt::format(
        "{} cannot share a prompt: --samples must be 1, or --system paged or vtensor", system));
  }
  const auto chosen = options_of(system, options);
  if (maps_memory(system)) return serve_mapped(requests, chosen, tell);
  namespace page = kvfolio::page;
  switch (position_of(system, systems, "system")) {
    case 0:
    case 1: return timed_run(server<reserving<page::static_maximum>>{requests, chosen}, tell);
    case 2: return timed_run(server<reserving<page::power_of_two>>{requests, chosen}, tell);
    case 3: return timed_run(server<reserving<page::exact>>{requests, chosen}, tell);
    default: throw std::invalid_argument("paged serves by an eviction policy: see serve_with");
  }
}

outcome serve_with(std::string_view policy, const trace& requests, const serving_options& options,
                   const teller& tell) {
  // A request has its pages touched one by one, unless the cache knows that LRU needs the last
  // alone.
  if (policy == "lru") return timed_run(server<>{requests, options}, tell);
  auto chosen = make_policy(policy, {.pages = options.pages,
                                     .history = remembered_pools * options.pages,
                                     .page_tokens = options.tokens_per_page});
  return timed_run(server<paged<serving_by_choice>>{requests, options, {std::move(chosen)}}, tell);
}

outcome serve_without_reuse(const trace& requests, const serving_options& options,
                            const teller& tell) {
  return timed_run(server<paged<serving_without_reuse>>{requests, options}, tell);
}

}  // namespace replay
