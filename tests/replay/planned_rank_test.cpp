// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

#include <replay/planned_rank.hpp>

namespace replay::test {
namespace {

class planned_rank : public testing::Test {
 protected:
  void TearDown() override { std::remove(path_.c_str()); }

  // The path of a plan with `text`.
  [[nodiscard]] const std::string& plan(const char* text) const {
    std::ofstream{path_} << text;
    return path_;
  }
  void expect_refused(const char* text, std::size_t rank, const char* because) const {
    try {
      static_cast<void>(rank_of_plan(plan(text), rank, 16));
      ADD_FAILURE() << "accepted: " << text;
    } catch (const std::invalid_argument& problem) {
      EXPECT_NE(std::string{problem.what()}.find(because), std::string::npos) << problem.what();
    }
  }

 private:
  std::string path_ = testing::TempDir() + "kvfolio_plan_" + std::to_string(getpid());
};

TEST_F(planned_rank, has_the_bytes_of_its_heads_and_layers_and_the_pages_of_its_memory) {
  const auto& path =
      plan(R"({"ranks": [{}, {"kv_bytes": 33000, "cache": {"bytes_per_token": 64}}]})");
  const auto rank = rank_of_plan(path, 1, 16);
  EXPECT_EQ(rank.token_bytes, 64U);
  EXPECT_EQ(rank.pages, 32U);
}

TEST_F(planned_rank, what_is_no_plan_is_refused) {
  expect_refused("{", 0, "is no plan");
  expect_refused("{}", 0, "is no plan");
  expect_refused(R"({"ranks": [{}]})", 1, "--rank is 0 to 0");
  expect_refused(R"({"ranks": [{}]})", 0, "no bytes_per_token");
  expect_refused(R"({"ranks": [{"cache": null}]})", 0, "no bytes_per_token");
  expect_refused(R"({"ranks": [{"cache": {"bytes_per_token": 12}, "kv_bytes": 9999}]})", 0,
                 "multiples of 8");
  expect_refused(R"({"ranks": [{"cache": {"bytes_per_token": 8}, "kv_bytes": 9}]})", 0, "0 pages");
  EXPECT_THROW(static_cast<void>(rank_of_plan("/no/such/plan", 0, 16)), std::invalid_argument);
}

}  // namespace
}  // namespace replay::test
