// SPDX-License-Identifier: Apache-2.0
// Serves a request trace through a paged cache, by a clock of its own, and reports what it took.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <replay/arguments.hpp>
#include <replay/eviction_runs.hpp>
#include <replay/exact_run.hpp>
#include <replay/generated_file.hpp>
#include <replay/planned_rank.hpp>
#include <replay/report.hpp>
#include <replay/sample.hpp>
#include <replay/svg_report.hpp>
#include <replay/table_report.hpp>
#include <replay/tier_runs.hpp>
#include <replay/trace_reader.hpp>
#include <support/output.hpp>
#include <support/progress.hpp>

namespace {

constexpr int wrong_result = 1;
constexpr int bad_input = 2;

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

replay::trace trace_of(const replay::arguments& given) {
  return given.trace.empty()
             ? replay::parse_trace(replay::sample_text(), "built-in sample", given.tokens_per_hash)
             : replay::load_trace(given.trace, given.tokens_per_hash);
}

void serve(const replay::arguments& given) {
  using namespace std::string_view_literals;
  const auto systems = replay::parse_systems(given.system);
  const auto tiers = replay::parse_tiers(given.tier);
  const auto policies =
      given.no_reuse ? std::vector{"none"sv} : replay::parse_policies(given.eviction);
  const auto trace = trace_of(given);
  auto options = given.serving;
  if (!given.plan.empty()) {
    const auto rank = replay::rank_of_plan(given.plan, given.rank, options.tokens_per_page);
    options.token_bytes = rank.token_bytes;
    if (!given.pages_given) options.pages = rank.pages;
  }
  options.invalidate_every =
      static_cast<replay::nanoseconds>(std::llround(given.invalidate_every * 1e9));
  options.reuse = !given.no_reuse;
  if (!given.plan.empty() && std::any_of(systems.begin(), systems.end(), replay::maps_memory)) {
    throw std::invalid_argument(
        "--plan says how many bytes a token has, and not in which layers; vattention and vtensor "
        "take --model and --pages");
  }

  std::deque<replay::outcome> seen;
  std::deque<replay::serving_options> by;
  std::vector<replay::reported> report;
  const auto serve_by = [&](std::string_view system, std::string_view policy, std::string_view tier,
                            const auto& run) {
    support::progress progress{"requests", trace.requests.size()};
    by.push_back(replay::options_of(system, options));
    seen.push_back(run([&](std::size_t done) { progress.at(done); }));
    report.push_back({trace, by.back(), system, policy, seen.back(), 0, tier});
  };
  for (const auto tier : tiers) {
    if (tier == "none") continue;
    serve_by("paged", "lru", tier,
             [&](const auto& tell) { return replay::serve_with_tier(tier, trace, options, tell); });
  }
  for (const auto system : systems) {
    if (std::find(tiers.begin(), tiers.end(), "none") == tiers.end()) break;
    if (system != "paged") {
      serve_by(system, replay::options_of(system, options).reuse ? "lru" : "none", "none",
               [&](const auto& tell) { return replay::serve_as(system, trace, options, tell); });
      continue;
    }
    for (const auto policy : policies) {
      serve_by(system, policy, "none", [&](const auto& tell) {
        return given.no_reuse ? replay::serve_without_reuse(trace, options, tell)
                              : replay::serve_with(policy, trace, options, tell);
      });
    }
  }
  for (auto& run : report) run.peak_rss_bytes = peak_rss_bytes();
  if (given.json != "-" && given.svg != "-") {
    support::write_text("-", replay::table_report(report));
  }
  if (!given.json.empty()) support::write_text(given.json, replay::json_report(report));
  if (!given.svg.empty()) support::write_text(given.svg, replay::svg_report(report));
}

int run(const replay::arguments& given) {
  replay::check(given);
  if (given.generate) {
    replay::write_generated(*given.generate, given.seed, given.output);
  } else if (!given.semantics.empty()) {
    const auto row = replay::exact_row(trace_of(given), given.semantics, given.eviction,
                                       *given.capacity, given.hints);
    support::write_text(given.json.empty() ? "-" : given.json, row);
  } else {
    serve(given);
  }
  return 0;
}

int fail(int status, const char* what) {
  std::fprintf(stderr, "replay: %s\n", what);
  return status;
}

}  // namespace

int main(int count, char** words) try {
  CLI::App app{"Serves a request trace through a paged KV cache, by a clock of its own."};
  replay::arguments given;
  replay::declare(app, given);
  try {
    app.parse(count, words);
    return run(given);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : bad_input;
  }
} catch (const replay::bad_trace& problem) {
  return fail(bad_input, problem.what());
} catch (const std::invalid_argument& problem) {
  return fail(bad_input, problem.what());
} catch (const std::length_error& problem) {
  return fail(bad_input, problem.what());
} catch (const std::bad_alloc&) {
  return fail(wrong_result, "not enough memory; make --pages, --token-bytes or --max-batch less");
} catch (const std::exception& problem) {
  return fail(wrong_result, problem.what());
}
