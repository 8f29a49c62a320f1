// SPDX-License-Identifier: Apache-2.0
// How near do the sample attention's kernels come to what the machine can do?
//
// The floors are measured in the same process, before and after each turn: reading memory, and
// multiplying and adding in registers. The baselines take turns with ours: attention written with
// OpenBLAS, and if it was built with KVFOLIO_GGML_DIR, the flash attention of ggml.
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "contest.hpp"
#include "report.hpp"
#include "suites.hpp"
#include <CLI/CLI.hpp>
#include <support/output.hpp>

namespace {

namespace bench = attention::bench;

struct arguments {
  bench::effort how;
  std::size_t shrink = 1;
  std::string only;
  std::string json;
  std::string svg;
  bool gate = false;
};

int run(const arguments& given) {
  bench::suites all{given.shrink, given.how.threads};
  const auto wants = [&](const char* suite) {
    return given.only.empty() || std::string{suite}.find(given.only) != std::string::npos;
  };
  if (wants("decode")) all.add_decode();
  if (wants("pages")) all.add_pages();
  if (wants("heads")) all.add_heads();
  if (wants("types")) all.add_types();
  if (wants("prefill")) all.add_prefill();
  if (wants("cascade")) all.add_cascade();
  const auto& contenders = all.contenders();
  if (contenders.empty()) {
    std::fputs("attention: --only names no suite: decode, pages, heads, types, prefill, cascade\n",
               stderr);
    return 2;
  }
  const auto records = bench::compete(contenders, given.how);
  if (given.json != "-") {
    support::write_text("-", bench::as_table(contenders, records, all.figures()));
  }
  if (!given.json.empty()) {
    support::write_text(given.json, bench::as_json(contenders, records, all.figures(), given.how));
  }
  if (!given.svg.empty()) support::write_text(given.svg, bench::draw(contenders, records));
  bool met = true;
  for (const auto& each : all.figures()) {
    const auto is = bench::answer(each, contenders, records);
    met = met && each.held_to.met(is.median, each.held_to.floor);
  }
  return given.gate && !met ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  arguments given;
  CLI::App app{"How near do the sample attention's kernels come to what the machine can do?",
               "attention_bench"};
  app.add_option("--rounds", given.how.rounds, "Turns of each contender")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--seconds", given.how.seconds, "Least length of a turn")
      ->check(CLI::Range(1e-6, 60.0))
      ->capture_default_str();
  app.add_option("--threads", given.how.threads, "That work")
      ->check(CLI::Range(1, 1'024))
      ->capture_default_str();
  app.add_option("--only", given.only, "Runs only the suites whose name contains this");
  app.add_option("--shrink", given.shrink, "Divides all contexts, to try whether it runs")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--json", given.json, "Write the figures to this file; - for stdout alone");
  app.add_option("--svg", given.svg, "Draw the roofline into this file");
  app.add_flag("--gate", given.gate, "Exit with 1 if a floor is missed");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return run(given);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "attention_bench: %s\n", error.what());
    return 1;
  }
}
