// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/clock.hpp>
#include <kvfolio/eviction/fifo.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/sieve.hpp>
#include <kvfolio/eviction/w_tinylfu_exact.hpp>

#include <replay/eviction_runs.hpp>
#include <replay/server.hpp>

namespace replay {
namespace {

namespace eviction = kvfolio::eviction;
using teller = std::function<void(std::size_t)>;
using serve_function = outcome (*)(const trace&, const serving_options&, const teller&);

template <kvfolio::eviction_policy Policy>
struct evicting_by : serving {
  using eviction = Policy;
};

template <kvfolio::policy_bundle Policies>
outcome serve(const trace& requests, const serving_options& options, const teller& tell) {
  server<Policies> server{requests, options};
  const auto start = std::chrono::steady_clock::now();
  auto seen = server.run(tell);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  seen.wall_seconds = wall.count();
  return seen;
}

// Names and what they name, in the same order.
constexpr std::array<std::string_view, 6> names{"fifo",  "lru", "clock",
                                                "sieve", "arc", "wtinylfu_exact"};
constexpr std::array<serve_function, names.size()> policies{
    serve<evicting_by<eviction::fifo>>,  serve<evicting_by<eviction::lru>>,
    serve<evicting_by<eviction::clock>>, serve<evicting_by<eviction::sieve>>,
    serve<evicting_by<eviction::arc>>,   serve<evicting_by<eviction::w_tinylfu_exact>>};

std::size_t position_of(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  throw std::invalid_argument(
      fmt::format("there is no eviction policy '{}'; there are {}", name, fmt::join(names, ", ")));
}

}  // namespace

std::span<const std::string_view> serving_policies() noexcept {
  return names;
}

std::vector<std::string_view> parse_policies(std::string_view list) {
  if (list == "all") return {names.begin(), names.end()};
  std::vector<std::string_view> wanted;
  for (std::size_t begin = 0; begin <= list.size();) {
    const auto end = std::min(list.find(',', begin), list.size());
    const auto name = names[position_of(list.substr(begin, end - begin))];
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
  return policies[position_of(policy)](requests, options, tell);
}

outcome serve_without_reuse(const trace& requests, const serving_options& options,
                            const teller& tell) {
  return serve<serving_without_reuse>(requests, options, tell);
}

}  // namespace replay
