// SPDX-License-Identifier: Apache-2.0
#include "support/measure.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <benchmark/benchmark.h>

namespace kvfolio::bench {
namespace {

// Keeps what every repetition took, where Google Benchmark's own reporters would print it.
class collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& report) override {
    for (const auto& run : report) {
      if (run.error_occurred) throw std::runtime_error(run.error_message);
      if (run.run_type != Run::RT_Iteration) continue;
      const bool told = !run.run_name.time_type.empty();
      samples_[run.run_name.function_name].push_back(told ? run.GetAdjustedRealTime()
                                                          : run.GetAdjustedCPUTime());
    }
  }

  [[nodiscard]] timing operator[](const std::string& name) {
    auto& samples = samples_.at(name);
    std::sort(samples.begin(), samples.end());
    const auto at = [&](double part) {
      return samples[static_cast<std::size_t>(part * static_cast<double>(samples.size() - 1) +
                                              0.5)];
    };
    return {.median = at(0.5), .p10 = at(0.1), .p90 = at(0.9)};
  }

 private:
  std::map<std::string, std::vector<double>> samples_;
};

// Iterations a second of a measurement, of loops that tell their time: those take milliseconds.
constexpr double told_per_second = 6'400;

std::string floor_name(floor_id floor) {
  return "floor " + std::to_string(static_cast<std::size_t>(floor));
}

// `asked` is a floor or a question.
template <class Loop>
void add(const std::string& name, const Loop& asked, const effort& how) {
  const auto run = [text = asked.text, run = asked.run](benchmark::State& state) {
    if (::isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K%s", text.c_str());
    run(state);
  };
  auto* const made = benchmark::RegisterBenchmark(name.c_str(), run);
  if (asked.timed == clock::processor) return;
  // What it tells may be nothing at all, so time cannot say how often it runs.
  made->UseManualTime()->Iterations(
      std::max<benchmark::IterationCount>(1, static_cast<int>(how.seconds * told_per_second)));
}

void run_all(const effort& how, collector& samples) {
  std::array<std::string, 4> words{"bench", "--benchmark_enable_random_interleaving=true",
                                   "--benchmark_repetitions=" + std::to_string(how.repetitions),
                                   "--benchmark_min_time=" + std::to_string(how.seconds)};
  std::array<char*, 5> arguments{};
  std::transform(words.begin(), words.end(), arguments.begin(),
                 [](std::string& word) { return word.data(); });
  auto count = static_cast<int>(words.size());
  benchmark::Initialize(&count, arguments.data());
  benchmark::RunSpecifiedBenchmarks(&samples);
  benchmark::Shutdown();
  if (::isatty(STDERR_FILENO) != 0) std::fputs("\r\033[K", stderr);
}

}  // namespace

std::vector<answer> measure(const suite& asked, const effort& how) {
  std::vector<const question*> wanted;
  std::vector<bool> needed(asked.floors().size());
  for (const auto& each : asked.questions()) {
    if (each.text.find(how.only) == std::string::npos) continue;
    wanted.push_back(&each);
    needed[static_cast<std::size_t>(each.floor)] = true;
  }
  if (wanted.empty()) throw std::invalid_argument("no question contains '" + how.only + "'");
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) add(floor_name(floor_id{i}), asked.floors()[i], how);
  }
  for (const auto* each : wanted) add(each->text, *each, how);

  collector samples;
  run_all(how, samples);
  std::vector<answer> answers;
  for (const auto* each : wanted) {
    answers.push_back({.text = each->text,
                       .floor = asked.floors()[static_cast<std::size_t>(each->floor)].text,
                       .floor_ns = samples[floor_name(each->floor)],
                       .ours_ns = samples[each->text],
                       .most = each->most});
  }
  return answers;
}

}  // namespace kvfolio::bench
