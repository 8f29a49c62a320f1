// SPDX-License-Identifier: Apache-2.0
#include "support/report.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace kvfolio::bench {
namespace {

#ifdef NDEBUG
constexpr bool assertions = false;
#else
constexpr bool assertions = true;
#endif

using json = nlohmann::ordered_json;

std::string bar_text(const bar& most) {
  std::string text;
  if (most.ratio != 0) text += fmt::format("{:g}x", most.ratio);
  if (most.ns != 0) text += fmt::format("{}{:g} ns", text.empty() ? "" : ", ", most.ns);
  return text.empty() ? "-" : text;
}

std::string spread(const timing& ns) {
  return fmt::format("{:.2f} .. {:.2f}", ns.p10, ns.p90);
}

json to_json(const timing& ns) {
  return {{"median", ns.median}, {"p10", ns.p10}, {"p90", ns.p90}};
}

json asked_for(double most) {
  return most != 0 ? json(most) : json();
}

}  // namespace

std::string as_table(const std::vector<answer>& answers) {
  std::size_t width = 8;
  for (const auto& each : answers) width = std::max(width, each.text.size());
  auto text = fmt::format("{:{}}  {:>9}  {:>9}  {:>6}  {:>12}  {:>4}  {:>18}  {:>18}\n", "question",
                          width, "floor ns", "ours ns", "ratio", "bar", "met", "floor p10 .. p90",
                          "ours p10 .. p90");
  for (const auto& each : answers) {
    text += fmt::format("{:{}}  {:9.2f}  {:9.2f}  {:6.2f}  {:>12}  {:>4}  {:>18}  {:>18}\n",
                        each.text, width, each.floor_ns.median, each.ours_ns.median, each.ratio(),
                        bar_text(each.most),
                        !each.has_bar() ? "-"
                        : each.met()    ? "yes"
                                        : "NO",
                        spread(each.floor_ns), spread(each.ours_ns));
  }
  if (assertions) text += "Assertions are on: these figures say little. Use the release preset.\n";
  return text;
}

std::string as_json(const std::vector<answer>& answers, const std::string& benchmark,
                    const effort& how) {
  auto questions = json::array();
  for (const auto& each : answers) {
    questions.push_back(
        {{"question", each.text},
         {"floor", each.floor},
         {"floor_ns", to_json(each.floor_ns)},
         {"ours_ns", to_json(each.ours_ns)},
         {"ratio", each.ratio()},
         {"bar", {{"ratio", asked_for(each.most.ratio)}, {"ns", asked_for(each.most.ns)}}},
         {"met", each.has_bar() ? json(each.met()) : json()}});
  }
  const json all{{"benchmark", benchmark},
                 {"assertions", assertions},
                 {"repetitions", how.repetitions},
                 {"questions", std::move(questions)}};
  return all.dump(2) + "\n";
}

}  // namespace kvfolio::bench
