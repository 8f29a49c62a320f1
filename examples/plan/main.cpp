// SPDX-License-Identifier: Apache-2.0
// Says what a model takes, what of it fits, and how to cut it.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <plan/arguments.hpp>
#include <plan/cluster_reader.hpp>
#include <plan/description.hpp>
#include <plan/plan_report.hpp>
#include <plan/sizes.hpp>
#include <plan/split.hpp>
#include <support/output.hpp>

namespace {

constexpr int wrong_result = 1;
constexpr int bad_input = 2;

// Writes `json` where it is wanted, and `text` to the standard output if that is free.
void report(const plan::arguments& given, const std::string& text, const std::string& json) {
  if (given.json != "-" && given.svg != "-") support::write_text("-", text);
  if (!given.json.empty()) support::write_text(given.json, json);
}

void split(const plan::arguments& given) {
  const auto made = plan::split_by_rule(given, *given.layers, *given.stages);
  std::fputs(plan::unread_weights(given).c_str(), stderr);
  nlohmann::ordered_json out;
  out["rule"] = given.rule;
  out["stages"] = made.stages;
  if (given.rule == "llamacpp") out["on_host"] = made.on_host;
  out["output_stage"] = made.output_stage;
  report(given, kvfolio::partition::to_text(made.stages) + "\n", out.dump(2) + "\n");
}

void plan_for_devices(const plan::arguments& given) {
  namespace kp = kvfolio::partition;
  plan::planned made{plan::model_of(given),
                     plan::parse_cluster(given.devices, given.inside, given.link, given.efficiency),
                     plan::parse_workload(given.workload),
                     {}};
  made.work.type = given.kv_type.empty() ? made.of.type : plan::dtype_named(given.kv_type);
  made.work.formats = made.of.formats;
  made.work.overhead = plan::parse_bytes(given.overhead);
  made.made = given.goal == "auto" ? kp::plan(made.of.model, made.where, made.work)
                                   : kp::plan(made.of.model, made.where, made.work,
                                              given.goal == "latency" ? kp::plan_goal::latency
                                                                      : kp::plan_goal::throughput);
  report(given, plan::table_plan(made), plan::json_plan(made));
  if (!given.svg.empty()) support::write_text(given.svg, plan::svg_plan(made));
}

int run(const plan::arguments& given) {
  plan::check(given);
  if (!given.split.empty()) {
    split(given);
  } else if (!given.devices.empty()) {
    plan_for_devices(given);
  } else {
    const auto made = plan::describe(given);
    std::fputs(plan::unread_weights(given).c_str(), stderr);
    report(given, plan::table_description(made), plan::json_description(made));
  }
  return 0;
}

int fail(int status, const char* what) {
  std::fprintf(stderr, "plan: %s\n", what);
  return status;
}

}  // namespace

int main(int count, char** words) try {
  CLI::App app{"Says what a model takes, what of it fits, and how to cut it."};
  plan::arguments given;
  plan::declare(app, given);
  try {
    app.parse(count, words);
    return run(given);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : bad_input;
  }
} catch (const plan::bad_config& problem) {
  return fail(bad_input, problem.what());
} catch (const std::invalid_argument& problem) {
  return fail(bad_input, problem.what());
} catch (const std::length_error& problem) {
  return fail(bad_input, problem.what());
} catch (const std::exception& problem) {
  return fail(wrong_result, problem.what());
}
