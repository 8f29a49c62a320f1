// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include <attention/kernels.hpp>
#include <nlohmann/json.hpp>
#include <support/svg.hpp>

namespace attention::bench {
namespace {

double median(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() / 2];
}

template <class Value>
std::vector<double> of_each(const record& from, Value value) {
  std::vector<double> numbers;
  for (const auto& each : from.samples) numbers.push_back(value(each));
  return numbers;
}

double seconds(const record& of) {
  return median(of_each(of, [](const sample& each) { return each.seconds; }));
}
double best_seconds(const record& of) {
  const auto all = of_each(of, [](const sample& each) { return each.seconds; });
  return *std::min_element(all.begin(), all.end());
}

double most(const std::vector<record>& records, double sample::*what) {
  double highest = 0;
  for (const auto& each : records) {
    for (const auto& one : each.samples) highest = std::max(highest, one.*what);
  }
  return highest;
}

std::string verdict(const figure& asked, double value) {
  const auto& held = asked.held_to;
  if (held.floor == 0 && held.reach == 0) return "-";
  if (!held.met(value, held.floor)) return "NO";
  return held.met(value, held.reach) ? "reach" : "floor";
}

std::string limit_text(const figure& asked, double limit) {
  return limit == 0 ? "-" : fmt::format("{}{:g}", asked.held_to.at_most ? "<= " : "", limit);
}

#ifdef NDEBUG
constexpr bool assertions = false;
#else
constexpr bool assertions = true;
#endif

}  // namespace

ratio answer(const figure& asked, const std::vector<contender>& all,
             const std::vector<record>& records) {
  std::vector<double> medians;
  std::vector<double> bests;
  for (std::size_t pair = 0; pair < asked.who.size(); ++pair) {
    const auto& does = all[asked.who[pair]];
    const auto& who = records[asked.who[pair]];
    const auto over_rounds = [&](auto value) {
      std::vector<double> numbers;
      for (std::size_t i = 0; i < who.samples.size(); ++i) numbers.push_back(value(i));
      medians.push_back(median(numbers));
    };
    if (asked.what == figure::kind::of_read) {
      over_rounds(
          [&](std::size_t i) { return does.bytes / who.samples[i].seconds / who.samples[i].read; });
      bests.push_back(does.bytes / best_seconds(who) / most(records, &sample::read));
    } else if (asked.what == figure::kind::of_compute) {
      over_rounds([&](std::size_t i) {
        return does.flops / who.samples[i].seconds / who.samples[i].compute;
      });
      bests.push_back(does.flops / best_seconds(who) / most(records, &sample::compute));
    } else {
      const auto& whom = records[asked.whom[pair]];
      const bool faster = asked.what == figure::kind::times_faster;
      const auto& longer = faster ? whom : who;
      const auto& shorter = faster ? who : whom;
      over_rounds(
          [&](std::size_t i) { return longer.samples[i].seconds / shorter.samples[i].seconds; });
      bests.push_back(best_seconds(longer) / best_seconds(shorter));
    }
  }
  return {median(medians), median(bests)};
}

std::string as_table(const std::vector<contender>& all, const std::vector<record>& records,
                     const std::vector<figure>& figures) {
  std::size_t width = 10;
  for (const auto& each : all) width = std::max(width, each.name.size());
  for (const auto& each : figures) width = std::max(width, each.name.size());
  auto text = fmt::format("{:{}}  {:>9}  {:>9}  {:>7}  {:>8}  {:>9}\n", "who", width, "ms",
                          "best ms", "GB/s", "GFLOP/s", "disturbed");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto took = seconds(records[i]);
    text += fmt::format("{:{}}  {:9.3f}  {:9.3f}  {:7.1f}  {:8.1f}  {:>6}/{}\n", all[i].name, width,
                        took * 1e3, best_seconds(records[i]) * 1e3, all[i].bytes / took / 1e9,
                        all[i].flops / took / 1e9, records[i].disturbed, records[i].samples.size());
  }
  text += fmt::format("\n{:{}}  {:>7}  {:>7}  {:>9}  {:>9}  {:>5}\n", "figure", width, "median",
                      "best", "reach", "floor", "met");
  for (const auto& each : figures) {
    const auto is = answer(each, all, records);
    text += fmt::format("{:{}}  {:7.3f}  {:7.3f}  {:>9}  {:>9}  {:>5}\n", each.name, width,
                        is.median, is.best, limit_text(each, each.held_to.reach),
                        limit_text(each, each.held_to.floor), verdict(each, is.median));
  }
  text += fmt::format(
      "The machine read {:.1f} GB/s and computed {:.1f} GFLOP/s at best, with the "
      "{} kernels.\n",
      most(records, &sample::read) / 1e9, most(records, &sample::compute) / 1e9,
      best_kernels().name);
  if (assertions) text += "Assertions are on: these figures say little. Use the release preset.\n";
  return text;
}

std::string as_json(const std::vector<contender>& all, const std::vector<record>& records,
                    const std::vector<figure>& figures, const effort& how) {
  auto contenders = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    contenders.push_back(
        {{"name", all[i].name},
         {"bytes", all[i].bytes},
         {"flops", all[i].flops},
         {"seconds", {{"median", seconds(records[i])}, {"best", best_seconds(records[i])}}},
         {"disturbed", records[i].disturbed}});
  }
  auto ratios = nlohmann::ordered_json::array();
  for (const auto& each : figures) {
    const auto is = answer(each, all, records);
    ratios.push_back({{"figure", each.name},
                      {"median", is.median},
                      {"best", is.best},
                      {"reach", each.held_to.reach},
                      {"floor", each.held_to.floor},
                      {"at_most", each.held_to.at_most},
                      {"met", verdict(each, is.median)}});
  }
  const nlohmann::ordered_json whole{{"benchmark", "attention"},
                                     {"assertions", assertions},
                                     {"threads", how.threads},
                                     {"rounds", how.rounds},
                                     {"kernels", best_kernels().name},
                                     {"machine",
                                      {{"read_bytes_per_second", most(records, &sample::read)},
                                       {"flops_per_second", most(records, &sample::compute)}}},
                                     {"contenders", std::move(contenders)},
                                     {"figures", std::move(ratios)}};
  return whole.dump(2) + "\n";
}

std::string draw(const std::vector<contender>& all, const std::vector<record>& records) {
  constexpr double left = 70;
  constexpr double top = 60;
  constexpr double width = 620;
  constexpr double height = 380;
  const auto read = most(records, &sample::read);
  const auto compute = most(records, &sample::compute);
  // Both axes are logarithmic.
  double narrowest = 0.5;
  double widest = 64;
  double lowest = compute / 64;
  for (std::size_t i = 0; i < all.size(); ++i) {
    narrowest = std::min(narrowest, all[i].flops / all[i].bytes / 1.5);
    widest = std::max(widest, all[i].flops / all[i].bytes * 1.5);
    lowest = std::min(lowest, all[i].flops / best_seconds(records[i]) / 1.5);
  }
  const auto highest = compute * 1.5;
  const auto x = [&](double intensity) {
    return left + width * std::log(intensity / narrowest) / std::log(widest / narrowest);
  };
  const auto y = [&](double flops) {
    return top + height * (1 - std::log(flops / lowest) / std::log(highest / lowest));
  };
  support::svg drawing{1'020, top + height + 60, "Attention under the roofline"};
  drawing.text({left, 28}, "Attention under the machine's roofline: best times", 15,
               support::anchor::start, true);
  drawing.text({left, 46},
               fmt::format("{:.1f} GB/s read, {:.0f} GFLOP/s fused multiply-add, measured between "
                           "the turns",
                           read / 1e9, compute / 1e9),
               11);
  for (double tick = 1e9; tick < highest; tick *= 2) {
    if (tick < lowest) continue;
    drawing.line({left, y(tick)}, {left + width, y(tick)}, "#eee");
    drawing.text({left - 6, y(tick) + 4}, fmt::format("{:g}", tick / 1e9), 10,
                 support::anchor::end);
  }
  for (double tick = 0.25; tick < widest; tick *= 4) {
    if (tick < narrowest) continue;
    drawing.line({x(tick), top}, {x(tick), top + height}, "#eee");
    drawing.text({x(tick), top + height + 16}, fmt::format("{:g}", tick), 10,
                 support::anchor::middle);
  }
  const auto ridge = compute / read;
  const auto foot = std::max(narrowest, lowest / read);
  drawing.curve({{x(foot), y(foot * read)}, {x(ridge), y(compute)}, {x(widest), y(compute)}},
                "#222");
  static constexpr std::array<const char*, 6> colours{"#4477aa", "#cc3311", "#228833",
                                                      "#aa3377", "#ccbb44", "#66ccee"};
  std::vector<std::string> suites;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto suite = all[i].name.substr(0, all[i].name.find(':'));
    auto found = std::find(suites.begin(), suites.end(), suite);
    if (found == suites.end()) {
      found = suites.insert(found, suite);
      const auto line = top + 20 * static_cast<double>(suites.size());
      const auto colour = colours[(suites.size() - 1) % colours.size()];
      drawing.rect({left + width + 24, line - 9}, 9, 9, colour);
      drawing.text({left + width + 40, line}, suite, 12);
    }
    const auto colour = colours[static_cast<std::size_t>(found - suites.begin()) % colours.size()];
    const auto at_x = x(all[i].flops / all[i].bytes);
    const auto at_y = y(all[i].flops / best_seconds(records[i]));
    drawing.rect({at_x - 3, at_y - 3}, 6, 6, colour, "white");
  }
  drawing.text({left + width / 2, top + height + 40}, "operations a byte of keys and values", 12,
               support::anchor::middle);
  drawing.text({left - 50, top - 8}, "GFLOP/s", 11);
  return drawing.file();
}

}  // namespace attention::bench
