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
#include <tuple>
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

// The rows of a trace for a policy and a mode; a row of a plain object cache names no mode.
std::vector<json> rows(const source& from, std::string_view mode, std::string_view policy) {
  std::vector<json> found;
  for (const auto& path : from.counts) {
    std::ifstream file{path};
    const auto all = json::parse(file);
    for (const auto& row : all["results"]) {
      if (row["trace"] == from.trace && row["policy"] == policy &&
          row.value("mode", "plain") == mode) {
        found.push_back(row);
      }
    }
  }
  return found;
}

void compare(const source& from, semantics mode, std::string_view policy) {
  const auto expected = rows(from, to_string(mode), policy);
  ASSERT_FALSE(expected.empty()) << "no rows of " << from.trace;
  for (const auto& row : expected) {
    const std::size_t capacity = row["capacity"];
    const auto counts = run_semantics(requests(from.requests), mode, policy, capacity);
    const json found = semantics_row(from.trace, mode, policy, capacity, counts);
    for (const auto& [key, value] : found.items()) {
      EXPECT_EQ(value, row.at(key)) << key << " of " << row;
    }
  }
  testing::Test::RecordProperty("rows", static_cast<int>(expected.size()));
}

class exact_counts : public testing::TestWithParam<std::tuple<semantics, std::string_view>> {
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
    const auto& [mode, policy] = GetParam();
    compare(from, mode, policy);
  }
};

TEST_P(exact_counts, are_those_of_the_shipped_trace) {
  const auto& [mode, policy] = GetParam();
  compare(shipped_source(), mode, policy);
}
TEST_P(exact_counts, are_those_of_the_branching_sessions) {
  compare_shared("branching_sessions", "branching_sessions.jsonl");
}
TEST_P(exact_counts, are_those_of_the_conversation_trace) {
  compare_shared("conversation", "conversation_trace.jsonl");
}

std::string name_of(const testing::TestParamInfo<exact_counts::ParamType>& tested) {
  auto name = std::string{to_string(std::get<0>(tested.param))} + '_' +
              std::string{std::get<1>(tested.param)};
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    , exact_counts,
    testing::Combine(testing::Values(semantics::plain, semantics::a_l, semantics::a_u,
                                     semantics::a_n, semantics::b_l),
                     testing::ValuesIn(semantics_policies().begin(), semantics_policies().end())),
    name_of);

TEST(exact_counts_of_the_shipped_trace, are_all_compared) {
  std::size_t compared = 0;
  for (const auto mode :
       {semantics::plain, semantics::a_l, semantics::a_u, semantics::a_n, semantics::b_l}) {
    for (const auto policy : semantics_policies()) {
      compared += rows(shipped_source(), to_string(mode), policy).size();
    }
  }
  std::ifstream file{shipped_source().counts.front()};
  EXPECT_EQ(compared, json::parse(file)["results"].size());
}

}  // namespace
}  // namespace replay::test
