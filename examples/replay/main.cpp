// SPDX-License-Identifier: Apache-2.0
// Serves a request trace through a paged cache, by a clock of its own, and reports what it took.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <replay/report.hpp>
#include <replay/sample.hpp>
#include <replay/server.hpp>
#include <replay/trace_reader.hpp>
#include <support/output.hpp>
#include <support/progress.hpp>

namespace {

constexpr int wrong_result = 1;
constexpr int bad_input = 2;

struct arguments {
  std::string trace;
  std::uint32_t tokens_per_hash = 0;
  replay::serving_options serving;
  std::string json;
  std::string svg;
};

void declare(CLI::App& app, arguments& given) {
  const CLI::Range any{std::uint32_t{1}, std::uint32_t{1'000'000'000}};
  auto& serving = given.serving;
  app.add_option("trace", given.trace,
                 "Azure CSV, Mooncake or Bailian JSONL; without it, a built-in sample");
  app.add_option("--tokens-per-hash", given.tokens_per_hash,
                 "tokens that one hash id stands for; inferred if not given")
      ->check(any);
  app.add_option("--pages", serving.pages, "pages in the pool")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1U << 30U}))
      ->capture_default_str();
  app.add_option("--tokens-per-page", serving.tokens_per_page, "tokens in a page")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{65'536}))
      ->capture_default_str();
  app.add_option("--token-bytes", serving.token_bytes, "bytes of KV a token, a multiple of 8")
      ->check(CLI::Range(std::uint32_t{8}, std::uint32_t{1U << 20U}))
      ->check(CLI::Validator(
          [](const std::string& text) {
            return std::stoul(text) % 8 == 0 ? "" : text + " is not a multiple of 8";
          },
          "", "multiple of 8"))
      ->capture_default_str();
  app.add_option("--chunk", serving.chunk, "most prompt tokens that a step computes")
      ->check(any)
      ->capture_default_str();
  app.add_option("--prefill-tps", serving.hardware.prefill_tps,
                 "prompt tokens a second, by the clock")
      ->check(any)
      ->capture_default_str();
  app.add_option("--decode-sps", serving.hardware.decode_sps, "decode steps a second, by the clock")
      ->check(any)
      ->capture_default_str();
  app.add_option("--watermark", serving.watermark,
                 "pages to leave free when a request is admitted beside others")
      ->check(CLI::Range(std::uint32_t{0}, std::uint32_t{1U << 30U}))
      ->capture_default_str();
  app.add_option("--max-batch", serving.max_batch, "most requests that run at the same time")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{65'536}))
      ->capture_default_str();
  app.add_option("--samples", serving.samples,
                 "answers to each request, which share its prompt copy-on-write")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{256}))
      ->capture_default_str();
  app.add_flag("--verify", serving.verify,
               "fingerprint every token; check on every copy, preemption and release");
  app.add_option("--json", given.json, "write the report as JSON to this file; - for stdout");
  app.add_option("--svg", given.svg, "draw the run over time to this file; - for stdout");
}

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

replay::outcome serve(const replay::trace& trace, const replay::serving_options& options) {
  replay::server<> server{trace, options};
  support::progress progress{"requests", trace.requests.size()};
  const auto start = std::chrono::steady_clock::now();
  auto seen = server.run([&](std::size_t done) { progress.at(done); });
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  seen.wall_seconds = wall.count();
  return seen;
}

int run(const arguments& given) {
  if (given.json == "-" && given.svg == "-") {
    throw CLI::ValidationError("--json and --svg cannot both go to stdout; name a file for one");
  }
  const auto trace =
      given.trace.empty()
          ? replay::parse_trace(replay::sample_text(), "built-in sample", given.tokens_per_hash)
          : replay::load_trace(given.trace, given.tokens_per_hash);
  const auto seen = serve(trace, given.serving);
  const replay::reported report{trace, given.serving, seen, peak_rss_bytes()};
  if (given.json != "-" && given.svg != "-") {
    support::write_text("-", replay::table_report(report));
  }
  if (!given.json.empty()) support::write_text(given.json, replay::json_report(report));
  if (!given.svg.empty()) support::write_text(given.svg, replay::svg_report(report));
  return 0;
}

int fail(int status, const char* what) {
  std::fprintf(stderr, "replay: %s\n", what);
  return status;
}

}  // namespace

int main(int count, char** words) try {
  CLI::App app{"Serves a request trace through a paged KV cache, by a clock of its own."};
  arguments given;
  declare(app, given);
  try {
    app.parse(count, words);
    return run(given);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : bad_input;
  }
} catch (const replay::bad_trace& problem) {
  return fail(bad_input, problem.what());
} catch (const std::length_error& problem) {
  return fail(bad_input, problem.what());
} catch (const std::bad_alloc&) {
  return fail(wrong_result, "not enough memory; make --pages, --token-bytes or --max-batch less");
} catch (const std::exception& problem) {
  return fail(wrong_result, problem.what());
}
