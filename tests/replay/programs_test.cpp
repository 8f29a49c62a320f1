// SPDX-License-Identifier: Apache-2.0
// Runs the programs as users do: what they print, and what they return.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/run_program.hpp"
#include <nlohmann/json.hpp>

namespace replay::test {
namespace {

namespace fs = std::filesystem;
using kvfolio::test::run_program;
using testing::HasSubstr;

class programs : public testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info()->name();
    const auto process = std::to_string(getpid());  // the same tests may run elsewhere too
    folder_ = fs::path{testing::TempDir()} / ("kvfolio_" + process + '_' + test);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const char* file) const { return (folder_ / file).string(); }

  // Writes a trace of `lines`, and returns its path.
  [[nodiscard]] std::string trace(const std::string& lines) const {
    std::ofstream{path("trace")} << lines;
    return path("trace");
  }

  [[nodiscard]] std::string content(const char* file) const {
    std::ostringstream text;
    text << std::ifstream{path(file)}.rdbuf();
    return text.str();
  }

 private:
  fs::path folder_;
};

const std::string two_requests =
    "{\"timestamp\": 0, \"input_length\": 100, \"output_length\": 3}\n"
    "{\"timestamp\": 5, \"input_length\": 900, \"output_length\": 3}\n";

TEST_F(programs, replay_says_how_it_is_used) {
  const auto seen = run_program(REPLAY_PROGRAM, "--help");
  EXPECT_EQ(seen.status, 0);
  for (const auto* option :
       {"--pages", "--chunk", "--prefill-tps", "--decode-sps", "--watermark", "--samples",
        "--tokens-per-hash", "--verify", "--json", "--svg", "--eviction", "--no-reuse",
        "--semantics", "--generate", "--model", "--chunk-kib", "--extension", "--map-us"}) {
    EXPECT_THAT(seen.output, HasSubstr(option));
  }
}

TEST_F(programs, replay_returns_2_for_arguments_that_it_does_not_understand) {
  for (const auto* arguments : {"--paegs 3",
                                "--pages 0",
                                "--pages many",
                                "--token-bytes 12",
                                "--token-bytes x",
                                "--prefill-tps 0",
                                "--samples 0",
                                "--json - --svg -",
                                "one two",
                                "one --trace two",
                                "--eviction nothing",
                                "--eviction lru,lru",
                                "--eviction lru,",
                                "--eviction lru --no-reuse",
                                "--tier swap --system vattention",
                                "--system xtensor",
                                "--system vattention --samples 2",
                                "--system vtensor --pages 63",
                                "--system vtensor --model deepseek-v2-lite",
                                "--model nothing",
                                "--chunk-kib 2",
                                "--chunk-kib 65",
                                "--extension later",
                                "--map-us -1",
                                "--access-us much",
                                "--invalidate-every 0",
                                "--remember 0",
                                "--semantics plain",
                                "--capacity 3",
                                "--semantics X --capacity 3",
                                "--semantics plain --capacity 0",
                                "--semantics plain --capacity 3 --svg x",
                                "--semantics plain --capacity 3 --eviction no",
                                "--generate 3",
                                "--generate 0 --output x",
                                "--generate 3 --output x trace",
                                "--seed 3",
                                "--output x"}) {
    const auto seen = run_program(REPLAY_PROGRAM, arguments);
    EXPECT_EQ(seen.status, 2) << arguments << ": " << seen.output;
    EXPECT_FALSE(seen.output.empty()) << arguments;
  }
}

TEST_F(programs, replay_returns_2_for_a_bad_trace_and_reports_no_half_of_it) {
  const auto file = trace(two_requests + "{\"timestamp\": 9, \"input_length\": 0}\n");
  const auto seen = run_program(REPLAY_PROGRAM, file + " --json " + path("report"));
  EXPECT_EQ(seen.status, 2);
  EXPECT_EQ(seen.output, "replay: " + file +
                             ":3: input_length is '0'; a whole number from 1 to 1073741824 is "
                             "right\n");
  EXPECT_FALSE(fs::exists(path("report")));
  EXPECT_EQ(run_program(REPLAY_PROGRAM, path("nothing")).status, 2);
}

TEST_F(programs, replay_returns_1_when_it_cannot_write_its_report) {
  const auto seen =
      run_program(REPLAY_PROGRAM, trace(two_requests) + " --json " + path("no/folder"));
  EXPECT_EQ(seen.status, 1);
  EXPECT_THAT(seen.output, HasSubstr("cannot write"));
}

TEST_F(programs, replay_writes_json_to_stdout_and_nothing_else) {
  const auto seen =
      run_program(REPLAY_PROGRAM, trace(two_requests) + " --pages 50 --verify --json -");
  EXPECT_EQ(seen.status, 0);
  const auto report = nlohmann::json::parse(seen.output);
  EXPECT_EQ(report["requests"]["finished"], 1);
  EXPECT_EQ(report["requests"]["rejected"], 1);
  EXPECT_EQ(report["settings"]["pages"], 50);
  EXPECT_EQ(report["verified"]["tokens_checked"], 103);
}

TEST_F(programs, replay_serves_its_built_in_sample_from_any_folder) {
  const auto seen = run_program("env", std::string{"-C / " REPLAY_PROGRAM " "} +
                                           "--verify --samples 2 --svg " + path("drawing.svg"));
  EXPECT_EQ(seen.status, 0) << seen.output;
  EXPECT_THAT(seen.output, HasSubstr("built-in sample (Mooncake JSONL), 4000 requests"));
  EXPECT_THAT(seen.output, HasSubstr("requests finished       4000, 0 rejected"));
  EXPECT_THAT(seen.output, HasSubstr("all as written"));
  EXPECT_THAT(content("drawing.svg"), testing::EndsWith("</svg>\n"));
}

TEST_F(programs, replay_names_the_eviction_policies_when_it_does_not_know_one) {
  for (const auto* arguments :
       {"--eviction lfru", "--semantics A-L --capacity 3 --eviction lfru"}) {
    const auto seen = run_program(REPLAY_PROGRAM, arguments);
    EXPECT_EQ(seen.status, 2) << arguments;
    EXPECT_THAT(seen.output, HasSubstr("fifo, lru, lfu, clock, sieve, 2q, slru2"));
  }
}

TEST_F(programs, replay_adapts_a_policy_and_names_the_adaptors_when_it_does_not_know_one) {
  for (const auto& arguments :
       {trace(two_requests) + " --eviction admitting:pinning:arc",
        std::string{"--semantics A-L --capacity 300 --eviction grouping:expiring:lru2"}}) {
    EXPECT_EQ(run_program(REPLAY_PROGRAM, arguments).status, 0) << arguments;
  }
  for (const auto* arguments :
       {"--eviction lru,admiting:lru", "--semantics A-L --capacity 3 --eviction admiting:lru"}) {
    const auto seen = run_program(REPLAY_PROGRAM, arguments);
    EXPECT_EQ(seen.status, 2) << arguments;
    EXPECT_THAT(seen.output,
                HasSubstr("'admiting'; there are admitting, expiring, grouping, pinn"));
  }
}

TEST_F(programs, replay_serves_by_several_policies_side_by_side) {
  const auto file = trace(two_requests);
  const auto seen =
      run_program(REPLAY_PROGRAM, file + " --verify --eviction clock,lru --json " + path("report") +
                                      " --svg " + path("drawing.svg"));
  EXPECT_EQ(seen.status, 0) << seen.output;
  EXPECT_THAT(seen.output, testing::ContainsRegex(" clock +lru\n"));
  EXPECT_THAT(seen.output, testing::ContainsRegex("requests finished +2 +2\n"));
  const auto report = nlohmann::json::parse(content("report"));
  ASSERT_EQ(report.size(), 2U);
  EXPECT_EQ(report[0]["settings"]["eviction"], "clock");
  EXPECT_EQ(report[1]["settings"]["eviction"], "lru");
  EXPECT_EQ(report[1]["requests"]["finished"], 2);
  EXPECT_THAT(content("drawing.svg"), HasSubstr("hit-token rate"));
}

TEST_F(programs, replay_serves_by_every_system_side_by_side) {
  const auto file = trace(two_requests);
  const auto seen =
      run_program(REPLAY_PROGRAM, file + " --verify --system all --json " + path("report") +
                                      " --svg " + path("drawing.svg"));
  EXPECT_EQ(seen.status, 0) << seen.output;
  EXPECT_THAT(seen.output, testing::ContainsRegex(" paged +vattention +vtensor\n"));
  const auto report = nlohmann::json::parse(content("report"));
  ASSERT_EQ(report.size(), 7U);
  for (const auto& each : report) {
    EXPECT_EQ(each["requests"]["finished"], 2);
    EXPECT_EQ(each["verified"]["tokens_checked"], 1'006);
    const auto system = each["settings"]["system"].get<std::string>();
    const auto maps = system == "vattention" || system == "vtensor";
    EXPECT_EQ(each["settings"]["tokens_per_page"], maps ? 1'024 : 16);
    EXPECT_EQ(each["mapping"]["maps"], maps ? 128 : 0) << "a row for each request, 64 tensors";
    EXPECT_EQ(each["mapping"]["peak_bytes"], maps ? 256U << 20U : 0U);
  }
  const auto drawing = content("drawing.svg");
  EXPECT_THAT(drawing, HasSubstr(">vtensor</text>"));
  EXPECT_THAT(drawing, testing::EndsWith("</svg>\n"));
  EXPECT_EQ(
      run_program(REPLAY_PROGRAM, file + " --system vtensor --no-reuse --chunk-kib 64").status, 0);
}

TEST_F(programs, replay_finds_the_same_prompt_again_unless_told_not_to) {
  const std::string line =
      "{\"timestamp\": 0, \"input_length\": 1024, \"output_length\": 3, \"hash_ids\": [1, 2]}\n";
  auto later = line;
  later.replace(later.find(": 0,"), 4, ": 9999,");
  const auto file = trace(line + later);
  const auto reuse = [&](const char* option) {
    const auto seen = run_program(REPLAY_PROGRAM, file + " --verify --json - " + option);
    EXPECT_EQ(seen.status, 0) << seen.output;
    return nlohmann::json::parse(seen.output)["reuse"];
  };
  EXPECT_EQ(reuse("")["hit_tokens"], 1008) << "all pages but the last, which must be computed";
  EXPECT_EQ(reuse("")["hit_token_rate"], 0.492188);
  EXPECT_EQ(reuse("--no-reuse")["hit_tokens"], 0);
  EXPECT_EQ(reuse("--invalidate-every 5")["missed_pages"]["invalidated"], 63);
}

TEST_F(programs, replay_counts_exactly_and_prints_one_object) {
  const std::string two_blocks =
      "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 3, \"hash_ids\": [1, 2]}\n";
  const auto file = trace(two_blocks + two_blocks);
  const auto plain = run_program(
      REPLAY_PROGRAM, "--semantics plain --eviction lru --capacity 9 --json - --trace " + file);
  EXPECT_EQ(plain.status, 0) << plain.output;
  EXPECT_EQ(nlohmann::json::parse(plain.output), (nlohmann::json{{"trace", file},
                                                                 {"policy", "lru"},
                                                                 {"capacity", 9},
                                                                 {"requests", 4},
                                                                 {"hits", 2},
                                                                 {"misses", 2}}));
  const auto prefix =
      run_program(REPLAY_PROGRAM, file + " --semantics A-L --eviction sieve --capacity 9 --json -");
  EXPECT_EQ(prefix.status, 0) << prefix.output;
  EXPECT_EQ(nlohmann::json::parse(prefix.output), (nlohmann::json{{"trace", file},
                                                                  {"mode", "A-L"},
                                                                  {"policy", "sieve"},
                                                                  {"capacity", 9},
                                                                  {"requests", 2},
                                                                  {"block_refs", 4},
                                                                  {"hit_blocks", 2},
                                                                  {"miss_blocks", 2},
                                                                  {"input_tokens", 1200},
                                                                  {"hit_tokens", 600},
                                                                  {"hit_token_rate", 0.5},
                                                                  {"evictions", 0},
                                                                  {"bypassed_inserts", 0}}));
}

TEST_F(programs, replay_counts_exactly_only_what_has_hash_ids) {
  const auto seen =
      run_program(REPLAY_PROGRAM, trace(two_requests) + " --semantics A-L --capacity 9");
  EXPECT_EQ(seen.status, 2);
  EXPECT_THAT(seen.output, HasSubstr("has no hash ids"));
}

TEST_F(programs, replay_makes_traces_that_it_can_serve) {
  const auto make = [&](const char* file, const char* seed) {
    EXPECT_EQ(
        run_program(REPLAY_PROGRAM, "--generate 300 --output " + path(file) + " --seed " + seed)
            .status,
        0);
    return content(file);
  };
  const auto made = make("made", "7");
  EXPECT_EQ(std::count(made.begin(), made.end(), '\n'), 300);
  EXPECT_EQ(make("again", "7"), made);
  EXPECT_NE(make("other", "8"), made);
  EXPECT_EQ(run_program(REPLAY_PROGRAM, "2>/dev/null --generate 300 --seed 7 --output -").output,
            made);
  const auto seen = run_program(REPLAY_PROGRAM, path("made") + " --verify --json -");
  EXPECT_EQ(seen.status, 0) << seen.output;
  const auto report = nlohmann::json::parse(seen.output);
  EXPECT_EQ(report["requests"]["finished"], 300);
  EXPECT_GT(report["reuse"]["hit_token_rate"], 0.3);
  EXPECT_EQ(run_program(REPLAY_PROGRAM, "--generate 3 --output " + path("no/folder")).status, 1);
}

TEST_F(programs, tour_tells_its_story_and_draws_it) {
  const auto seen = run_program(TOUR_PROGRAM, "--svg " + path("tour.svg"));
  EXPECT_EQ(seen.status, 0) << seen.output;
  EXPECT_THAT(seen.output, HasSubstr("\"out of pages\""));
  EXPECT_THAT(seen.output, HasSubstr("8 of 8 pages free"));
  EXPECT_THAT(content("tour.svg"), HasSubstr("10. Everybody leaves"));
  EXPECT_EQ(run_program(TOUR_PROGRAM, "--help").status, 0);
  EXPECT_EQ(run_program(TOUR_PROGRAM, "--sgv x").status, 2);
}

}  // namespace
}  // namespace replay::test
