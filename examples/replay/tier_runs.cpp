// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <kvfolio/memory/heap.hpp>
#include <kvfolio/tier/file_store.hpp>
#include <kvfolio/tier/host_store.hpp>
#include <kvfolio/tier/store_fingerprint.hpp>
#ifdef KVFOLIO_WITH_REDIS
#include <kvfolio/tier/redis_store.hpp>
#endif

#include <replay/any_store.hpp>
#include <replay/chosen_tier.hpp>
#include <replay/server.hpp>
#include <replay/tier_runs.hpp>
#include <replay/tiered_system.hpp>

namespace replay {
namespace {

any_store make_store(const serving_options& options) {
  const kvfolio::model::page_layout layout{fingerprint::shape(options.token_bytes),
                                           options.tokens_per_page};
  const std::string_view name = options.tiers.store;
  const std::size_t pages =
      options.tiers.pages != 0 ? options.tiers.pages : std::size_t{4} * options.pages;
  const auto of = kvfolio::tier::fingerprint_of("replay", layout);
  if (name == "host") {
    using store = kvfolio::tier::host_store<kvfolio::memory::heap>;
    return any_store::of<store>(layout.bytes(), pages);
  }
  if (name.starts_with("file:")) {
    return any_store::of<kvfolio::tier::file_store>(
        kvfolio::tier::segment_options{.path = std::string{name.substr(5)},
                                       .fingerprint = of,
                                       .page_bytes = layout.bytes(),
                                       .pages = pages});
  }
  if (name.starts_with("redis:")) {
#ifdef KVFOLIO_WITH_REDIS
    return any_store::of<kvfolio::tier::redis_store>(
        kvfolio::tier::redis_address{.host = std::string{name.substr(6)}}, of, layout.bytes());
#else
    throw std::invalid_argument("replay was built without hiredis; take host or file:PATH");
#endif
  }
  throw std::invalid_argument(
      fmt::format("there is no store '{}'; take host, file:PATH or redis:PATH", name));
}

}  // namespace

std::vector<std::string_view> parse_tiers(std::string_view list) {
  std::vector<std::string_view> known{"none"};
  known.insert(known.end(), chosen_tier::names.begin(), chosen_tier::names.end());
  if (list == "all") return known;
  std::vector<std::string_view> wanted;
  for (std::size_t begin = 0; begin <= list.size();) {
    const auto end = std::min(list.find(',', begin), list.size());
    const auto name = list.substr(begin, end - begin);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw std::invalid_argument(
          fmt::format("there is no tier '{}'; take {} or all", name, fmt::join(known, ", ")));
    }
    if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) {
      throw std::invalid_argument(fmt::format("tier '{}' is there twice", name));
    }
    wanted.push_back(name);
    begin = end + 1;
  }
  return wanted;
}

outcome serve_with_tier(std::string_view tier, const trace& requests,
                        const serving_options& options, const teller& tell) {
  if (options.samples != 1) {
    throw std::invalid_argument(
        "a tier keeps requests of one sequence: --samples must be 1, or --tier none");
  }
  auto store = make_store(options);
  const chosen_tier policy{tier, options.tiers, options.hardware, options.mapping.model};
  return timed_run(server<tiered<any_store>>{requests, options, {policy, store}}, tell);
}

}  // namespace replay
