// SPDX-License-Identifier: Apache-2.0
// Serves published traces; they are not ours to ship, so they are used where they are found.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include <replay/report.hpp>
#include <replay/server.hpp>
#include <replay/trace_reader.hpp>

namespace replay::test {
namespace {

namespace fs = std::filesystem;

// A trace in $KVFOLIO_SHARED, or in the folder beside the repository.
fs::path shared(const char* file) {
  const auto* const given = std::getenv("KVFOLIO_SHARED");
  return (given != nullptr ? fs::path{given} : fs::path{KVFOLIO_SOURCE_DIR "/../shared"}) / "data" /
         file;
}

std::string missing(const fs::path& path) {
  return path.string() + " is not there; KVFOLIO_SHARED may name the folder that has data/";
}

nlohmann::json report_of(const trace& asked, const serving_options& options) {
  const auto seen = server<>{asked, options}.run([](std::size_t) {});
  auto report = nlohmann::json::parse(
      json_report(std::array{reported{asked, options, "paged", "lru", seen, 0}}));
  report.erase("wall");
  return report;
}

TEST(real_traces, the_code_trace_is_served_and_every_token_checked) {
  const auto path = shared("azure_llm_code_2023.csv");
  if (!fs::exists(path)) GTEST_SKIP() << missing(path);
  const auto asked = load_trace(path.string());
  EXPECT_EQ(asked.requests.size(), 8'819U);
  const auto report = report_of(asked, {.verify = true});
  EXPECT_EQ(report["requests"]["finished"], 8'819);
  EXPECT_EQ(report["requests"]["prompt_tokens"], 18'059'974);
  EXPECT_EQ(report["requests"]["generated_tokens"], 245'896);
  EXPECT_GE(report["verified"]["tokens_checked"], 18'059'974 + 245'896);
}

TEST(real_traces, the_conversation_trace_is_served) {
  const auto path = shared("conversation_trace.jsonl");
  if (!fs::exists(path)) GTEST_SKIP() << missing(path);
  const auto asked = load_trace(path.string());
  EXPECT_EQ(asked.tokens_per_hash, 512U);
  const auto report = report_of(asked, {});
  EXPECT_EQ(report["requests"]["finished"], 12'031);
  EXPECT_EQ(report["requests"]["prompt_tokens"], 144'793'823);
  EXPECT_EQ(report["requests"]["generated_tokens"], 4'122'048);
}

TEST(built_in_sample, is_served_alike_twice) {
  const auto asked = load_trace(KVFOLIO_SOURCE_DIR "/tests/data/branching_sessions.jsonl");
  const serving_options options{.pages = 8'192, .verify = true};
  const auto once = report_of(asked, options);
  EXPECT_EQ(once, report_of(asked, options));
  EXPECT_EQ(once["requests"]["finished"], 4'000);
  EXPECT_GT(once["requests"]["preemptions"], 0);
}

}  // namespace
}  // namespace replay::test
