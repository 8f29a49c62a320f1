// SPDX-License-Identifier: Apache-2.0
// Replays published traces and compares the counts with exact ones, to the last hit. The rows of
// the trace that is shipped are always compared; those of the others where they are found.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "block_trace.hpp"
#include <nlohmann/json.hpp>
#include <semantics_row.hpp>

namespace replay::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// The folder with traces and counts: $KVFOLIO_SHARED, or the one beside the repository.
fs::path shared() {
  if (const char* given = std::getenv("KVFOLIO_SHARED")) return given;
  return KVFOLIO_SOURCE_DIR "/../shared";
}

const fs::path shipped{KVFOLIO_SOURCE_DIR "/tests/data"};

// Where the rows of a trace are: its name in the files of counts, its own file, and those files.
struct source {
  std::string trace;
  fs::path requests;
  std::vector<fs::path> counts;
};

source shipped_source() {
  return {"branching_sessions",
          shipped / "branching_sessions.jsonl",
          {shipped / "branching_sessions_counts.json"}};
}
source shared_source(const std::string& trace, const std::string& file) {
  return {trace,
          shared() / "data" / file,
          {shared() / "oracles/plain_object_cache.json", shared() / "oracles/prefix_cache.json"}};
}

// A trace that many tests replay, loaded once.
const std::vector<block_request>& requests(const fs::path& path) {
  static std::map<fs::path, std::unique_ptr<block_trace>> loaded;
  auto& trace = loaded[path];
  if (!trace) trace = std::make_unique<block_trace>(path);
  return trace->requests();
}

// The rows of a file that many tests read, parsed once.
const json& results(const fs::path& path) {
  static std::map<fs::path, json> parsed;
  auto& all = parsed[path];
  if (all.is_null()) {
    std::ifstream file{path};
    all = json::parse(file)["results"];
  }
  return all;
}

// The rows of a trace for a policy and a mode; a row of a plain object cache names no mode.
std::vector<json> rows(const source& from, std::string_view mode, std::string_view policy) {
  std::vector<json> found;
  for (const auto& path : from.counts) {
    for (const auto& row : results(path)) {
      if (row["trace"] == from.trace && row["policy"] == policy &&
          row.value("mode", "plain") == mode) {
        found.push_back(row);
      }
    }
  }
  return found;
}

constexpr std::array modes{semantics::plain, semantics::a_l, semantics::a_u, semantics::a_n,
                           semantics::b_l};

void compare(const source& from, std::string_view policy) {
  int compared = 0;
  for (const auto mode : modes) {
    for (const auto& row : rows(from, to_string(mode), policy)) {
      const std::size_t capacity = row["capacity"];
      const auto counts = run_semantics(requests(from.requests), mode, policy, capacity);
      const json found = semantics_row(from.trace, mode, policy, capacity, counts);
      for (const auto& [key, value] : found.items()) {
        EXPECT_EQ(value, row.at(key)) << key << " of " << row;
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 0) << "no rows of " << from.trace;
  testing::Test::RecordProperty("rows", compared);
}

class exact_counts : public testing::TestWithParam<std::string_view> {
 protected:
  static void compare_shared(const std::string& trace, const std::string& file) {
    const auto from = shared_source(trace, file);
    auto needed = from.counts;
    needed.push_back(from.requests);
    for (const auto& path : needed) {
      if (!fs::exists(path)) {
        GTEST_SKIP() << path << " is not there; KVFOLIO_SHARED may name the folder that has it";
      }
    }
    compare(from, GetParam());
  }
};

TEST_P(exact_counts, are_those_of_the_shipped_trace) {
  compare(shipped_source(), GetParam());
}
TEST_P(exact_counts, are_those_of_the_branching_sessions) {
  compare_shared("branching_sessions", "branching_sessions.jsonl");
}
TEST_P(exact_counts, are_those_of_the_conversation_trace) {
  compare_shared("conversation", "conversation_trace.jsonl");
}

// The policies of which counts were published; what decides by chance has none.
std::vector<std::string_view> published_policies() {
  std::vector<std::string_view> published;
  for (const auto policy : semantics_policies()) {
    const auto has_rows = [policy](semantics mode) {
      return !rows(shipped_source(), to_string(mode), policy).empty();
    };
    if (std::any_of(modes.begin(), modes.end(), has_rows)) published.push_back(policy);
  }
  return published;
}

INSTANTIATE_TEST_SUITE_P(, exact_counts, testing::ValuesIn(published_policies()),
                         [](const auto& tested) { return std::string{tested.param}; });

TEST(exact_counts_of_the_shipped_trace, are_all_compared) {
  std::size_t compared = 0;
  for (const auto mode : modes) {
    for (const auto policy : published_policies()) {
      compared += rows(shipped_source(), to_string(mode), policy).size();
    }
  }
  EXPECT_EQ(compared, results(shipped_source().counts.front()).size());
}

TEST(counts_by_sketch, stay_within_a_point_of_the_exact_ones) {
  std::vector<fs::path> traces{shipped_source().requests};
  if (const auto more = shared() / "data/conversation_trace.jsonl"; fs::exists(more)) {
    traces.push_back(more);
  }
  for (const auto& path : traces) {
    for (const auto mode : {semantics::plain, semantics::a_l, semantics::b_l}) {
      for (const std::size_t capacity : {100U, 1'200U, 3'600U, 18'200U}) {
        const auto rate = [&](std::string_view policy) {
          const auto counts = run_semantics(requests(path), mode, policy, capacity);
          return static_cast<double>(counts.hit_blocks) / static_cast<double>(counts.block_refs);
        };
        EXPECT_NEAR(rate("wtinylfu"), rate("wtinylfu_exact"), 0.01)
            << path << ", " << to_string(mode) << ", " << capacity << " blocks";
      }
    }
  }
}

}  // namespace
}  // namespace replay::test
