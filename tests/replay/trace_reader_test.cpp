// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <replay/trace_reader.hpp>

namespace replay::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// What the reader says about a trace that it cannot read.
std::string problem_of(const std::string& text, std::uint32_t tokens_per_hash = 0) {
  try {
    (void)parse_trace(text, "the.trace", tokens_per_hash);
  } catch (const bad_trace& problem) {
    return problem.what();
  }
  ADD_FAILURE() << "was read: " << text;
  return {};
}

std::string azure(const std::string& lines) {
  return std::string{azure_header} + '\n' + lines;
}

TEST(azure_reader, reads_tokens_and_times_to_the_last_digit) {
  const auto read = parse_trace(azure("2023-11-16 23:59:59.9799600,4808,10\n"
                                      "2023-11-17 00:00:01.0000001,3180,0\n"),
                                "the.trace");
  EXPECT_EQ(read.format, "Azure CSV");
  ASSERT_EQ(read.requests.size(), 2U);
  EXPECT_EQ(read.requests[0].arrival, 0U);
  EXPECT_EQ(read.requests[0].prompt_tokens, 4808U);
  EXPECT_EQ(read.requests[0].output_tokens, 10U);
  EXPECT_EQ(read.requests[1].arrival, 1'020'040'100U);
  EXPECT_EQ(read.requests[1].output_tokens, 0U);
}

TEST(azure_reader, takes_windows_line_ends_blank_lines_and_a_time_zone_of_zero) {
  const auto read = parse_trace(
      "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2024-02-29 00:00:00.5+00:00,1,2\r\n\r\n"
      "2024-02-29 00:00:01,3,4",
      "the.trace");
  ASSERT_EQ(read.requests.size(), 2U);
  EXPECT_EQ(read.requests[1].arrival, 500'000'000U);
}

TEST(azure_reader, says_which_line_is_bad_and_what_would_be_right) {
  const std::string good = "2023-11-16 18:17:03.9799600,4808,10\n";
  EXPECT_EQ(problem_of(azure(good + "2023-11-16 18:17:04.0319600,many,8\n")),
            "the.trace:3: ContextTokens is 'many'; a whole number from 1 to 1073741824 is right");
  EXPECT_EQ(problem_of(azure("2023-11-16 18:17:03.9,0,8\n")),
            "the.trace:2: ContextTokens is '0'; a whole number from 1 to 1073741824 is right");
  EXPECT_THAT(problem_of(azure("2023-11-16 18:17:03.9,7,-1\n")), HasSubstr("GeneratedTokens"));
  EXPECT_THAT(problem_of(azure("2023-11-16 18:17:03.9,7\n")), HasSubstr("three fields"));
  EXPECT_THAT(problem_of(azure("2023-11-16 18:17:03.9,7,8,9\n")), HasSubstr("three fields"));
  for (const auto* time :
       {"2023-02-29 00:00:00.0", "2023-11-16T18:17:03.9", "2023-11-16 24:00:00", "2023-11-16 1:0:0",
        "2023-11-16 18:17:03.", "2023-11-16 18:17:03.9+01:00", "", "yesterday"}) {
    EXPECT_THAT(problem_of(azure(good + good + time + ",7,8\n")),
                StartsWith("the.trace:4: TIMESTAMP is '" + std::string{time} + "'; a time like "));
  }
}

TEST(jsonl_reader, reads_mooncake_in_milliseconds) {
  const auto read = parse_trace(
      R"({"timestamp": 27, "input_length": 1300, "output_length": 52, "hash_ids": [4, 9, 7]})"
      "\n"
      R"({"timestamp": 3027.5, "input_length": 512, "output_length": 5, "hash_ids": [4]})",
      "the.trace", 512);
  EXPECT_EQ(read.format, "Mooncake JSONL");
  EXPECT_EQ(read.tokens_per_hash, 512U);
  EXPECT_THAT(read.requests[0].hash_ids, ElementsAre(4, 9, 7));
  EXPECT_EQ(read.requests[1].arrival, 3'000'500'000U);
}

TEST(jsonl_reader, reads_bailian_in_seconds_and_blocks_of_sixteen) {
  const auto read = parse_trace(
      R"({"chat_id": 1, "parent_chat_id": -1, "timestamp": 61.114, "input_length": 20, )"
      R"("output_length": 3, "type": "text", "turn": 1, "hash_ids": [1, 2]})"
      "\n"
      R"({"chat_id": 2, "parent_chat_id": -1, "timestamp": 61.25, "input_length": 9, )"
      R"("output_length": 3, "type": "text", "turn": 1, "hash_ids": [5]})",
      "the.trace");
  EXPECT_EQ(read.format, "Bailian JSONL");
  EXPECT_EQ(read.tokens_per_hash, 16U);
  EXPECT_EQ(read.requests[1].arrival, 136'000'000U);
}

TEST(jsonl_reader, takes_lines_without_hash_ids) {
  const auto read =
      parse_trace(R"({"timestamp": 0, "input_length": 5, "output_length": 1})", "the.trace");
  EXPECT_TRUE(read.requests[0].hash_ids.empty());
  EXPECT_EQ(read.tokens_per_hash, 0U);
  EXPECT_THAT(problem_of(R"({"timestamp": 0, "input_length": 5, "output_length": 1})", 16),
              HasSubstr("there are no hash ids"));
}

TEST(jsonl_reader, says_which_line_is_bad_and_what_would_be_right) {
  const std::string good = R"({"timestamp": 0, "input_length": 5, "output_length": 1})";
  const auto second = [&](const char* line) { return problem_of(good + '\n' + line); };
  EXPECT_EQ(second(R"({"timestamp": 0,)"), R"(the.trace:2: '{"timestamp": 0,' is no JSON object)");
  EXPECT_THAT(second(R"({"timestamp": 0, "input_length": 5})"),
              StartsWith("the.trace:2: there is no output_length; right is a line like {"));
  EXPECT_EQ(second(R"({"timestamp": -4, "input_length": 5, "output_length": 1})"),
            "the.trace:2: timestamp is -4; a number from 0 to 9000000000000 is right");
  EXPECT_THAT(second(R"({"timestamp": "0", "input_length": 5, "output_length": 1})"),
              HasSubstr("timestamp"));
  EXPECT_THAT(second(R"({"timestamp": 1e300, "input_length": 5, "output_length": 1})"),
              HasSubstr("timestamp"));
  EXPECT_EQ(second(R"({"timestamp": 0, "input_length": 5.5, "output_length": 1})"),
            "the.trace:2: input_length is '5.5'; a whole number from 1 to 1073741824 is right");
  EXPECT_THAT(second(R"({"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": []})"),
              HasSubstr("at least one id"));
  EXPECT_THAT(
      second(R"({"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": [-1]})"),
      HasSubstr("-1 in hash_ids is no id"));
}

TEST(trace_reader, says_what_it_knows_when_it_knows_nothing_of_a_file) {
  EXPECT_THAT(problem_of("# A list\n"), HasSubstr("right is the header TIMESTAMP,ContextTokens"));
  EXPECT_EQ(problem_of(""), "the.trace: there are no requests; one is needed");
  EXPECT_EQ(problem_of(azure("")), "the.trace: there are no requests; one is needed");
  EXPECT_THROW((void)load_trace("/nowhere/the.trace"), bad_trace);
  EXPECT_THROW((void)load_trace("/"), bad_trace);
}

TEST(trace_reader, puts_requests_in_the_order_of_arrival_and_starts_with_the_first) {
  const auto line = [](int time, int tokens) {
    return fmt::format(R"({{"timestamp": {}, "input_length": {}, "output_length": 1}})", time,
                       tokens) +
           '\n';
  };
  const auto read = parse_trace(line(9, 1) + line(5, 2) + line(9, 3), "the.trace");
  EXPECT_EQ(read.requests[0].arrival, 0U);
  EXPECT_EQ(read.requests[0].prompt_tokens, 2U);
  EXPECT_EQ(read.requests[1].prompt_tokens, 1U);
  EXPECT_EQ(read.requests[2].prompt_tokens, 3U);
  EXPECT_EQ(read.requests[2].arrival, 4'000'000U);
}

TEST(tokens_per_hash, is_what_all_lines_agree_on) {
  tokens_per_hash width{0};
  width.learn(6758, 14);
  width.learn(7322, 15);
  EXPECT_EQ(width.result(16), 512U) << "the only power of two in 489 to 519";
  width.learn(1024, 2);
  width.learn(1025, 3);
  EXPECT_EQ(width.result(16), 512U);
}

TEST(tokens_per_hash, prefers_the_usual_number_then_powers_of_two_then_the_least) {
  tokens_per_hash width{0};
  EXPECT_EQ(width.result(16), 0U) << "no line had ids";
  width.learn(10, 1);
  EXPECT_EQ(width.result(512), 512U);
  EXPECT_EQ(width.result(8), 16U);
  width.learn(22, 2);
  EXPECT_EQ(width.result(512), 16U);
  width.learn(26, 2);
  width.learn(15, 2);
  EXPECT_EQ(width.result(512), 13U) << "13 and 14 are left";
}

TEST(tokens_per_hash, an_inconsistent_line_is_an_error_with_its_number) {
  const auto line = [](int tokens, const char* ids) {
    return fmt::format(
               R"({{"timestamp": 0, "input_length": {}, "output_length": 1, "hash_ids": {}}})",
               tokens, ids) +
           '\n';
  };
  EXPECT_EQ(problem_of(line(1024, "[1, 2]") + line(1025, "[1, 2, 3]") + line(600, "[1]")),
            "the.trace:3: 1 hash_ids for 600 tokens mean 600 tokens or more an id; 512 tokens is "
            "right, by the lines before");
  EXPECT_EQ(problem_of(line(33, "[1, 2]"), 16),
            "the.trace:1: 2 hash_ids for 33 tokens mean 17 to 32 tokens an id; 16 tokens is right, "
            "by --tokens-per-hash");
  EXPECT_THAT(problem_of(line(2, "[1, 2, 3]")), HasSubstr("no number of tokens per id gives that"));
}

}  // namespace
}  // namespace replay::test
