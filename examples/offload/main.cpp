// SPDX-License-Identifier: Apache-2.0
// Says for a model, a processor and a link what is faster when KV is wanted back: to compute it
// again, to move it, or to do a part of each; over the length of the context.
//
//     offload --model llama-3-8b --tflops 312 --link 25 --svg offload.svg
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <kvfolio/tier/measuring.hpp>

#include <CLI/CLI.hpp>
#include <offload/comparison.hpp>
#include <offload/drawing.hpp>
#include <plan/description.hpp>
#include <plan/sizes.hpp>
#include <support/output.hpp>

namespace {

namespace kt = kvfolio::tier;

constexpr int wrong_result = 1;
constexpr int bad_input = 2;

struct arguments {
  plan::arguments of;  // what it shares with plan: the model
  double teraflops = 312;
  double efficiency = 0.5;
  double memory_bandwidth = 0;
  std::optional<double> prefill_rate;
  std::uint64_t prefill_tokens = 2048;
  double link = 25;
  std::optional<double> link_out;
  double copy_time = 0;
  bool measure = false;
  double overlap = 1;
  std::uint32_t tokens_per_page = 16;
  double copies_per_page = 1;
  std::string store;
  bool both_ways = false;
  std::vector<std::uint64_t> lengths{64,   256,    1024,   2048,   4096,
                                     8192, 16'384, 32'768, 65'536, 131'072};
  std::string json;
  std::string svg;
};

void declare(CLI::App& app, arguments& given) {
  const CLI::Range positive{1e-9, 1e9};
  auto* const config =
      app.add_option("--config", given.of.config, "config.json of a model, as on Hugging Face");
  given.of.model = "llama-3-8b";
  app.add_option("--model", given.of.model, "a well-known model")
      ->excludes(config)
      ->capture_default_str();
  app.add_option("--dtype", given.of.type, "of weights and cache, instead of the file's");
  app.add_option("--weights", given.of.weights, "format of the matrices: q4_0, q8_0, fp8, ...");
  app.add_option("--kv-dtype", given.of.kv_type, "of the cache alone");

  auto* const peak = app.add_option("--tflops", given.teraflops, "peak of the processor, 10^12/s")
                         ->check(positive)
                         ->capture_default_str();
  app.add_option("--efficiency", given.efficiency, "part of the peak that is reached")
      ->check(CLI::Range(1e-3, 1.0))
      ->capture_default_str();
  auto* const rate =
      app.add_option("--prefill-tps", given.prefill_rate, "measured instead: tokens a second")
          ->check(positive)
          ->excludes(peak);
  app.add_option("--prefill-tokens", given.prefill_tokens, "of the prompt that was measured")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 30U))
      ->needs(rate)
      ->capture_default_str();
  app.add_option("--memory-bandwidth", given.memory_bandwidth,
                 "GB/s at which weights are read; 0: at once")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();

  auto* const link = app.add_option("--link", given.link, "GB/s from the store to the pool")
                         ->check(positive)
                         ->capture_default_str();
  auto* const out = app.add_option("--link-out", given.link_out, "GB/s to the store; else the same")
                        ->check(positive);
  auto* const copy =
      app.add_option("--copy-us", given.copy_time, "microseconds of each copy beside its bytes")
          ->check(CLI::Range(0.0, 1e9))
          ->capture_default_str();
  app.add_flag("--measure", given.measure, "time copies in this machine's memory instead")
      ->excludes(link)
      ->excludes(out)
      ->excludes(copy);
  app.add_option("--overlap", given.overlap, "of the shorter of two at once, what it hides")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--tokens-per-page", given.tokens_per_page, "of the pool")
      ->check(CLI::Range(1U, 65'536U))
      ->capture_default_str();
  app.add_option("--copies-per-page", given.copies_per_page,
                 "in which pages move: twice the layers if those lie apart, less than 1 in runs")
      ->check(CLI::Range(1e-6, 1e6))
      ->capture_default_str();
  app.add_option("--store", given.store, "room in the store, 64GB say; else without end");
  app.add_flag("--both-ways", given.both_ways, "wait until pages are stored, too");
  app.add_option("--lengths", given.lengths, "tokens of contexts, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32U));
  app.add_option("--svg", given.svg, "draw the times to this file; - for stdout");
  app.add_option("--json", given.json, "write the times as JSON to this file; - for stdout");
}

kt::link measured_link() {
  return kt::measure_host_link([] {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return kt::seconds{std::chrono::duration<double>(since).count()};
  });
}

offload::question question_of(const arguments& given) {
  offload::question asked;
  asked.name = given.of.config.empty() ? given.of.model : given.of.config;
  auto of = given.of;
  if (!of.config.empty()) of.model.clear();
  asked.of = plan::model_of(of);
  asked.kv_type = of.kv_type.empty() ? asked.of.type : plan::dtype_named(of.kv_type);

  auto& costs = asked.costs;
  costs.work = kt::work_of(asked.of.model, asked.of.formats);
  costs.computing =
      given.prefill_rate
          ? kt::with_prefill_rate(costs.work, *given.prefill_rate, given.prefill_tokens)
          : kt::utilised(kt::teraflops(given.teraflops), given.efficiency);
  if (given.memory_bandwidth > 0) {
    costs.computing.memory = kt::gigabytes_per_second(given.memory_bandwidth);
  }
  costs.in = given.measure ? measured_link()
                           : kt::link{kt::gigabytes_per_second(given.link),
                                      kt::seconds{given.copy_time * 1e-6}};
  costs.out = costs.in;
  if (given.link_out) costs.out.bandwidth = kt::gigabytes_per_second(*given.link_out);
  costs.overlap = given.overlap;
  check(costs);

  asked.tokens_per_page = given.tokens_per_page;
  asked.copies_per_page = given.copies_per_page;
  if (!given.store.empty()) asked.store_bytes = plan::parse_bytes(given.store);
  asked.waits_until_out = given.both_ways;
  asked.lengths = given.lengths;
  std::ranges::sort(asked.lengths);
  asked.lengths.erase(std::unique(asked.lengths.begin(), asked.lengths.end()), asked.lengths.end());
  return asked;
}

void run(const arguments& given) {
  if (given.json == "-" && given.svg == "-") {
    throw CLI::ValidationError("--json and --svg cannot both go to stdout; name a file for one");
  }
  const auto asked = question_of(given);
  if (!given.svg.empty() && asked.lengths.size() < 2) {
    throw CLI::ValidationError("--svg needs --lengths with two at least");
  }
  const auto rows = offload::compare(asked);
  if (given.json != "-" && given.svg != "-") support::write_text("-", table(asked, rows));
  if (!given.json.empty()) support::write_text(given.json, json(asked, rows));
  if (!given.svg.empty()) support::write_text(given.svg, drawing(asked, rows));
}

int fail(int status, const char* what) {
  std::fprintf(stderr, "offload: %s\n", what);
  return status;
}

}  // namespace

int main(int count, char** words) try {
  CLI::App app{"Compares computing KV again with moving it back, and a part of each."};
  arguments given;
  declare(app, given);
  try {
    app.parse(count, words);
    run(given);
    return 0;
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : bad_input;
  }
} catch (const plan::bad_config& problem) {
  return fail(bad_input, problem.what());
} catch (const std::invalid_argument& problem) {
  return fail(bad_input, problem.what());
} catch (const std::exception& problem) {
  return fail(wrong_result, problem.what());
}
