// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace kvfolio::bench {

/// Code to be timed: `while (state.KeepRunningBatch(n))` around `n` operations. What it needs is
/// made once, before it is registered, and stays as it was left from one call to the next.
using body = std::function<void(benchmark::State&)>;

/// Whose time counts.
enum class clock : std::uint8_t {
  processor,  ///< that in which the thread ran
  told,  ///< what the loop says by `state.SetIterationTime`: the parts of it that are asked for
};

/// The most that an operation may cost. A member that is 0 asks for nothing.
struct bar {
  double ratio = 0;  ///< to its floor
  double ns = 0;     ///< true of one machine: information more than a law
};

/// Names a bare loop of a suite.
enum class floor_id : std::size_t {};

/// A bare loop that does what is asked of us and nothing else.
struct floor_loop {
  std::string text;  ///< what it does
  body run;          ///< the loop
  clock timed;       ///< whose time counts
};

/// How much more than a bare loop does one of our paths cost?
struct question {
  std::string text;  ///< which path
  floor_id floor;    ///< the bare loop
  body run;          ///< the path
  bar most;          ///< what it may cost
  clock timed;       ///< whose time counts
};

/// Questions that one program answers. All its loops run in one process, many times and in random
/// order, so that what disturbs the machine disturbs them all.
class suite {
 public:
  /// Adds a bare loop, for any number of questions.
  floor_id add_floor(std::string text, body run, clock timed = clock::processor);

  /// Adds a question.
  void ask(std::string text, floor_id floor, body run, bar most = {},
           clock timed = clock::processor);

  /// The bare loops, by `floor_id`.
  [[nodiscard]] const std::vector<floor_loop>& floors() const noexcept { return floors_; }
  /// The questions, in order.
  [[nodiscard]] const std::vector<question>& questions() const noexcept { return questions_; }

 private:
  std::vector<floor_loop> floors_;
  std::vector<question> questions_;
};

/// The whole of a benchmark's `main`: reads the command line, has `fill` add the questions,
/// measures and reports. Returns the exit status: 0, 1 if a bar is missed under `--gate` or a path
/// failed, 2 for a bad command line.
int run_suite(const char* name, const char* purpose, const std::function<void(suite&)>& fill,
              int argc, char** argv);

}  // namespace kvfolio::bench
