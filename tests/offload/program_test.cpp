// SPDX-License-Identifier: Apache-2.0
// Runs the program as users do: what it prints, and what it returns.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/run_program.hpp"
#include <nlohmann/json.hpp>

namespace offload::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

kvfolio::test::ended run(const std::string& arguments) {
  return kvfolio::test::run_program(OFFLOAD_PROGRAM, arguments);
}

json report(const std::string& arguments) {
  const auto seen = run(arguments + " --json -");
  EXPECT_EQ(seen.status, 0) << seen.output;
  return json::parse(seen.output, nullptr, false);
}

TEST(program, knows_the_times_of_llama_3_8b) {
  const auto row = report("--lengths 8192")["rows"][0];
  EXPECT_NEAR(row["recompute_seconds"].get<double>(), 0.846, 0.0005);
  EXPECT_NEAR(row["swap_seconds"].get<double>(), 0.0429, 0.00005);
  EXPECT_NEAR(row["split_seconds"].get<double>(), 0.0406, 0.00005);
  EXPECT_EQ(row["best"], "split");
  EXPECT_EQ(row["tokens_to_recompute"], 448U);
  EXPECT_EQ(row["bytes"], 8192U * 131'072);
}

TEST(program, a_slow_link_lets_it_compute) {
  const auto row = report("--model opt-13b --link 0.5 --overlap 0 --lengths 512")["rows"][0];
  EXPECT_EQ(row["best"], "recompute");
  EXPECT_NEAR(row["break_even_bytes_per_second"].get<double>() / 1e9, 5.1, 0.1);
}

TEST(program, small_copies_and_both_ways_cost_more) {
  const auto one = [](const std::string& arguments) {
    return report("--lengths 4096 " + arguments)["rows"][0]["swap_seconds"].get<double>();
  };
  const auto plain = one("");
  EXPECT_NEAR(one("--both-ways") / plain, 2, 1e-9);
  EXPECT_NEAR(one("--copy-us 10 --copies-per-page 64") - plain, 256 * 64 * 10e-6, 1e-9);
  EXPECT_NEAR(one("--both-ways --link-out 12.5") / plain, 3, 1e-9);
}

TEST(program, takes_a_measured_prefill_rate) {
  const auto row = report("--prefill-tps 8192 --prefill-tokens 4096 --lengths 4096")["rows"][0];
  EXPECT_NEAR(row["recompute_seconds"].get<double>(), 0.5, 1e-9);
}

TEST(program, measures_this_machine) {
  const auto said = report("--measure --lengths 4096");
  EXPECT_GT(said["bytes_per_second_in"].get<double>(), 1e7);
  EXPECT_EQ(said["bytes_per_second_in"], said["bytes_per_second_out"]);
}

TEST(program, prints_a_table_and_draws) {
  const auto seen = run("--lengths 1024,64 --store 1MB");
  EXPECT_EQ(seen.status, 0);
  EXPECT_THAT(seen.output, HasSubstr("no room"));
  EXPECT_LT(seen.output.find("      64"), seen.output.find("    1024")) << "in ascending order";
  EXPECT_THAT(run("--svg -").output, HasSubstr("</svg>"));
}

TEST(program, says_what_is_wrong) {
  const auto refused = [](const std::string& arguments, const char* why) {
    const auto seen = run(arguments);
    EXPECT_EQ(seen.status, 2) << arguments;
    EXPECT_THAT(seen.output, HasSubstr(why)) << arguments;
  };
  refused("--model llama-9", "there are llama-2-7b");
  refused("--config /nowhere.json", "/nowhere.json");
  refused("--link 0", "--link");
  refused("--measure --link 3", "--measure");
  refused("--overlap 2", "--overlap");
  refused("--store 64", "with the unit");
  refused("--svg - --json -", "cannot both go to stdout");
  refused("--svg - --lengths 64", "two at least");
  refused("--prefill-tps 100 --tflops 3", "--prefill-tps");
  EXPECT_EQ(run("--help").status, 0);
}

}  // namespace
}  // namespace offload::test
