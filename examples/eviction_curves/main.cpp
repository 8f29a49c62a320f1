// SPDX-License-Identifier: Apache-2.0
// Compares eviction policies with the optimum over the capacity of the pool: a table, and a
// drawing.
//
//     eviction_curves trace.jsonl --svg eviction.svg
//
// Replays exactly, as `replay --semantics A-L` does: no clock, no tokens.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <eviction_curves/curves.hpp>
#include <nlohmann/json.hpp>
#include <replay/exact_run.hpp>
#include <replay/trace_reader.hpp>
#include <support/output.hpp>
#include <support/progress.hpp>

namespace {

struct arguments {
  std::string trace;
  std::string svg;
  std::string mode = "A-L";
  std::vector<std::string> policies;
  std::vector<double> percent{1, 2, 5, 10, 20, 50};
  double from = 0;
  double until = 1;
  std::uint64_t hint_seeds = 0;
};

void declare(CLI::App& app, arguments& given) {
  app.add_option("trace", given.trace, "a trace with hash ids")->required();
  app.add_option("--svg", given.svg, "where to draw the curves");
  app.add_option("--semantics", given.mode, "A-L, A-U, A-N or B-L")->capture_default_str();
  app.add_option("--policies", given.policies, "which; all that are no adaptors")->delimiter(',');
  app.add_option("--percent", given.percent,
                 "capacities, in percent of the distinct blocks, rounded down to whole hundreds")
      ->delimiter(',')
      ->check(CLI::Range(0.001, 100.0))
      ->capture_default_str();
  app.add_option("--from", given.from, "leave out this share of the requests, from the first on")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--until", given.until, "leave out those after this share of the requests")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--hint-seeds", given.hint_seeds,
                 "let requests hint whether their sessions go on, right 70 times of 100: the mean "
                 "of so many seeds, from 1 on");
}

// The requests of a part of the trace.
replay::trace part_of(replay::trace all, double from, double until) {
  const auto count = static_cast<double>(all.requests.size());
  const auto at = [&](double share) {
    return all.requests.begin() + static_cast<std::ptrdiff_t>(count * share);
  };
  std::vector<replay::request> part;
  if (from < until) part.assign(at(from), at(until));
  if (part.empty()) throw CLI::ValidationError{"--from", "leaves no requests before --until"};
  all.requests = std::move(part);
  return all;
}

std::vector<std::size_t> capacities(const replay::trace& all, std::vector<double> percent) {
  std::unordered_set<std::uint64_t> distinct;
  for (const auto& each : all.requests) {
    distinct.insert(each.hash_ids.begin(), each.hash_ids.end());
  }
  std::sort(percent.begin(), percent.end());
  std::vector<std::size_t> found;
  for (const auto each : percent) {
    auto blocks = static_cast<std::size_t>(static_cast<double>(distinct.size()) * each / 100);
    if (blocks >= 100) blocks -= blocks % 100;
    blocks = std::max<std::size_t>(blocks, 1);
    if (found.empty() || blocks != found.back()) found.push_back(blocks);
  }
  if (found.size() < 2) {
    throw CLI::ValidationError{"--percent", "says fewer than two capacities that differ"};
  }
  return found;
}

std::vector<std::string> plain_policies(std::string_view mode) {
  std::vector<std::string> found;
  for (const auto name : replay::semantics_policies()) {
    if (name.find(':') != name.npos || (mode == "B-L" && name == "opt_bypass")) continue;
    found.emplace_back(name);
  }
  return found;
}

double hit_rate(const replay::trace& all, const arguments& given, const std::string& policy,
                std::size_t capacity) {
  const auto rate = [&](std::optional<std::uint64_t> seed) {
    const auto row = replay::exact_row(all, given.mode, policy, capacity, seed);
    return 100 * nlohmann::json::parse(row)["hit_token_rate"].get<double>();
  };
  if (given.hint_seeds == 0) return rate({});
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= given.hint_seeds; ++seed) sum += rate(seed);
  return sum / static_cast<double>(given.hint_seeds);
}

void run(const arguments& given) {
  const auto all = part_of(replay::load_trace(given.trace), given.from, given.until);
  const auto policies = given.policies.empty() ? plain_policies(given.mode) : given.policies;
  curves::comparison found{
      fmt::format("{}, {} requests, {}", std::filesystem::path{all.name}.filename().string(),
                  all.requests.size(), given.mode),
      capacities(all, given.percent),
      {}};
  support::progress progress{"replays", policies.size() * found.capacities.size()};
  std::size_t done = 0;
  for (const auto& policy : policies) {
    found.all.push_back({policy, {}});
    for (const auto capacity : found.capacities) {
      found.all.back().rates.push_back(hit_rate(all, given, policy, capacity));
      progress.at(++done);
    }
  }
  support::write_text("-", curves::table(found));
  if (!given.svg.empty()) {
    support::write_text(given.svg, curves::drawing(found, "opt_bypass", "auto"));
  }
}

}  // namespace

int main(int count, char** words) try {
  CLI::App app{"Compares eviction policies with the optimum over the capacity of the pool."};
  arguments given;
  declare(app, given);
  try {
    app.parse(count, words);
    run(given);
    return 0;
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
} catch (const std::exception& problem) {
  std::fprintf(stderr, "eviction_curves: %s\n", problem.what());
  return 2;
}
