// SPDX-License-Identifier: Apache-2.0
#include "support/suite.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/drawing.hpp"
#include "support/measure.hpp"
#include "support/report.hpp"
#include <CLI/CLI.hpp>
#include <support/output.hpp>
namespace kvfolio::bench {
floor_id suite::add_floor(std::string text, body run, clock timed) {
  floors_.push_back({std::move(text), std::move(run), timed});
  return floor_id{floors_.size() - 1};
}

void suite::ask(std::string text, floor_id floor, body run, bar most, clock timed) {
  questions_.push_back({std::move(text), floor, std::move(run), most, timed});
}

int run_suite(const char* name, const char* purpose, const std::function<void(suite&)>& fill,
              int argc, char** argv) {
  effort how;
  std::string json;
  std::string svg;
  bool gate = false;
  CLI::App app{purpose, name};
  app.add_option("--repetitions", how.repetitions, "Times that each loop is measured")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--seconds", how.seconds, "Least length of one measurement")
      ->check(CLI::Range(1e-6, 60.0))
      ->capture_default_str();
  app.add_option("--only", how.only, "Ask only the questions that contain this text");
  app.add_option("--json", json, "Write the figures to this file; - for stdout, without the table");
  app.add_option("--svg", svg, "Draw the ratios into this file");
  app.add_flag("--gate", gate, "Exit with 1 if a bar is missed");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    suite asked;
    fill(asked);
    const auto answers = measure(asked, how);
    if (json != "-") ::support::write_text("-", as_table(answers));
    if (!json.empty()) ::support::write_text(json, as_json(answers, name, how));
    if (!svg.empty()) ::support::write_text(svg, draw(answers, purpose));
    const bool all_met =
        std::all_of(answers.begin(), answers.end(), [](const answer& each) { return each.met(); });
    return gate && !all_met ? 1 : 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 1;
  }
}

}  // namespace kvfolio::bench
