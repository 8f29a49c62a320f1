// SPDX-License-Identifier: Apache-2.0
// Runs the program as users do: what it prints, and what it returns.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/run_program.hpp"
#include <nlohmann/json.hpp>

namespace plan::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

kvfolio::test::ended run(const std::string& arguments) {
  return kvfolio::test::run_program(PLAN_PROGRAM, arguments);
}

json report(const std::string& arguments) {
  const auto seen = run(arguments + " --json -");
  EXPECT_EQ(seen.status, 0) << seen.output;
  return json::parse(seen.output, nullptr, false);
}

TEST(program, says_what_a_model_and_each_of_its_ranks_take) {
  const auto said = report("--model llama-3-70b --tp 4 --pp 2");
  EXPECT_EQ(said["parameters"], 70'553'706'496U);
  EXPECT_EQ(said["active_parameters"], 70'553'706'496U);
  EXPECT_EQ(said["weight_bytes"], 141'107'412'992U);
  EXPECT_EQ(said["kv_bytes_per_token"], 327'680U);
  ASSERT_EQ(said["ranks"].size(), 8U);
  const auto& last = said["ranks"][7];
  EXPECT_EQ(last["layers"], 40U);
  EXPECT_EQ(last["heads"], 16U);
  EXPECT_EQ(last["kv_heads"], 2U);
  EXPECT_EQ(last["parameters"], 8'819'712'000U);
  EXPECT_EQ(last["weight_bytes"], 2 * 8'819'712'000U);
  EXPECT_EQ(last["kv_bytes_per_token"], 40'960U);
}

TEST(program, types_of_weights_and_cache_can_be_chosen) {
  const auto said = report("--model llama-3-8b --dtype fp32 --kv-dtype fp8");
  EXPECT_EQ(said["weight_bytes"], 4 * 8'030'261'248U);
  EXPECT_EQ(said["kv_bytes_per_token"], 65'536U);
  EXPECT_FALSE(said.contains("ranks"));
  EXPECT_EQ(report("--model llama-2-7b --weights q4_0")["weight_bytes"], 3'825'065'984U)
      << "the published file, without its header";
}

TEST(program, cuts_layers_by_the_rules_of_its_peers) {
  const auto stages = [](const std::string& arguments) {
    return report("--split pipeline " + arguments)["stages"].get<std::vector<std::uint32_t>>();
  };
  using split = std::vector<std::uint32_t>;
  EXPECT_EQ(stages("--rule vllm --layers 7 --stages 3"), (split{2, 3, 2}));
  EXPECT_EQ(stages("--rule trtllm --layers 10 --stages 4"), (split{3, 3, 2, 2}));
  EXPECT_EQ(stages("--rule megatron --layers 12 --stages 4"), (split{3, 3, 3, 3}));
  EXPECT_EQ(stages("--rule deepspeed --layers 6 --stages 3 --layer-weights 1,2,3,4,5,6"),
            (split{3, 2, 1}));
  EXPECT_EQ(stages("--rule exo --layers 12 --stages 3 --device-weights 312,518,1024"),
            (split{2, 3, 7}));
  EXPECT_EQ(stages("--rule optimal --layers 7 --stages 3 --layer-weights 5,1,1,1,1,1,5"),
            (split{1, 5, 1}));
  const auto llama =
      report("--split pipeline --rule llamacpp --layers 32 --stages 2 --device-weights 24,12");
  EXPECT_EQ(llama["stages"].get<split>(), (split{22, 10}));
  EXPECT_EQ(llama["output_stage"], 1U);
}

TEST(program, says_what_fits_in_the_memory_of_a_device) {
  const auto said =
      report("--model llama-2-13b --memory 40GB --sequences 10 --context 2000")["capacity"];
  EXPECT_EQ(said["kv_bytes"], 16'384'000'000U);
  EXPECT_LT(said["largest_batch"], 10U) << "one card of 40 GB is not enough";
  EXPECT_GE(report("--model llama-2-13b --pp 2 --memory 40GB --sequences 10 --context 2000")
                ["capacity"]["largest_batch"],
            10U)
      << "two are";
  const auto given =
      report("--model llama-2-13b --memory 80GB --sequences 10 --context 2000 --fractions 0.1,0.2")
          ["capacity"];
  EXPECT_NEAR(given["total_bytes"].get<double>(), (26'031'728'640.0 + 16'384'000'000.0) / 0.7, 2);
}

TEST(program, plans_for_the_devices_that_somebody_has) {
  const auto said = report(
      "--model llama-2-13b --devices a100-40g:2,rtx3060-12g:4 --workload prompt=1000,output=200 "
      "--goal throughput");
  EXPECT_EQ(said["goal"], "throughput");
  EXPECT_GT(said["requests_per_second"], 0);
  EXPECT_THAT(said["runner_up"].get<std::string>(), HasSubstr("instead of"));
  for (const auto& replica : said["replicas"]) {
    std::uint64_t layers = 0;
    for (const auto& stage : replica["stages"]) layers += stage["layers"].get<std::uint64_t>();
    EXPECT_EQ(layers, 40U);
  }
  ASSERT_FALSE(said["ranks"].empty());
  const auto& cache = said["ranks"][0]["cache"];
  EXPECT_EQ(cache["layers"], said["ranks"][0]["layers"]);
  EXPECT_EQ(cache["bytes_per_token"], cache["layers"].get<std::uint64_t>() *
                                          cache["kv_heads"].get<std::uint64_t>() * 2 * 128 * 2);
}

TEST(program, plans_for_64_devices_and_128_layers) {
  const auto path = testing::TempDir() + "kvfolio_plan_" + std::to_string(getpid()) + ".json";
  std::ofstream{path} << R"({"model_type": "llama", "num_hidden_layers": 128,
      "hidden_size": 16384, "intermediate_size": 53248, "num_attention_heads": 128,
      "num_key_value_heads": 8, "torch_dtype": "bfloat16"})";
  const auto said = report("--config " + path + " --devices a100-80g:32,a100-40g:32");
  std::remove(path.c_str());
  EXPECT_GT(said["seconds_per_request"], 0);
}

TEST(program, draws_who_holds_what) {
  const auto seen = run("--model llama-3-8b --devices rtx3060-12g:3 --svg -");
  EXPECT_EQ(seen.status, 0);
  EXPECT_THAT(seen.output, HasSubstr("<svg"));
  EXPECT_THAT(seen.output, HasSubstr("rtx3060-12g"));
  EXPECT_THAT(seen.output, HasSubstr("</svg>"));
}

void expect_refused(const std::string& arguments, const std::string& because) {
  const auto seen = run(arguments);
  EXPECT_EQ(seen.status, 2) << arguments;
  EXPECT_THAT(seen.output, HasSubstr(because));
}

TEST(program, refuses_what_cannot_be_and_says_what_could) {
  expect_refused("", "name a model");
  expect_refused("--model x", "llama-3-8b");
  expect_refused("--config /no/such/file", "cannot read");
  expect_refused("--model llama-3-8b --tp 3", "these would work: 1, 2, 4, 8, 16, 32");
  expect_refused("--model llama-3-8b --pp 33", "33 stages are more than 32 layers");
  expect_refused("--model llama-3-8b --memory 10GB", "bytes are missing");
  expect_refused("--model llama-3-8b --memory 10", "40GB, or 24GiB");
  expect_refused("--model llama-3-8b --dtype f5", "no type is called f5");
  expect_refused("--model llama-3-8b --weights q9", "no format is called q9");
  expect_refused("--model llama-3-8b --memory 80GB --fractions 0.5,0.6", "fractions of the total");
  expect_refused("--model llama-3-70b --devices rtx3060-12g:2", "lacks");
  expect_refused("--model llama-3-8b --devices abacus", "no device is called abacus");
  expect_refused("--model llama-3-8b --devices t4-16g --workload output=0", "at least 1");
  expect_refused("--split pipeline --rule vllm --layers 2 --stages 4", "vllm answers 0, 1, 1, 0");
  expect_refused("--split pipeline --rule llamacpp --layers 2 --stages 4", "answers 1, 1, 0, 0");
  expect_refused("--split pipeline --rule deepspeed --layers 2 --stages 4", "answers 1, 1, 0, 0");
  expect_refused("--split pipeline --rule exo --layers 2 --stages 4", "Cannot distribute 2");
  expect_refused("--split pipeline --rule exo --layers 9 --stages 2 --device-weights 1,2,3",
                 "make it 2");
  expect_refused("--split pipeline --rule vllm --layers 2", "--stages");
  expect_refused("--split pipeline --rule vllm --layers 2 --stages 0", "at least 1");
}

}  // namespace
}  // namespace plan::test
