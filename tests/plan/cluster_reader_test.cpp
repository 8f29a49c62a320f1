// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <plan/cluster_reader.hpp>

namespace plan::test {
namespace {

namespace kp = kvfolio::partition;

TEST(cluster_reader, machines_have_equal_devices_and_links_of_their_own) {
  const auto read =
      parse_cluster("a100-40g:2,24GiB@80TFLOPS@900GB/s", "300GB/s,3us", "25GB/s,10us", 0.5);
  ASSERT_EQ(read.devices().size(), 3U);
  EXPECT_EQ(read.devices()[1].memory, 40'000'000'000U);
  EXPECT_DOUBLE_EQ(read.devices()[1].flops, 156e12);
  EXPECT_EQ(read.devices()[2].memory, 25'769'803'776U);
  EXPECT_DOUBLE_EQ(read.devices()[2].flops, 40e12);
  EXPECT_DOUBLE_EQ(read.devices()[2].bandwidth, 900e9);
  EXPECT_EQ(read.between(0, 1), (kp::link{300e9, 3e-6}));
  EXPECT_EQ(read.between(0, 2), (kp::link{25e9, 1e-5}));
}

TEST(cluster_reader, a_workload_is_what_is_said_of_it) {
  const auto work = parse_workload("prompt=1000,output=200,batch=8,rate=2.5");
  EXPECT_EQ(work.prompt, 1000U);
  EXPECT_EQ(work.output, 200U);
  EXPECT_EQ(work.batch, 8U);
  EXPECT_EQ(work.rate, 2.5);
  EXPECT_EQ(parse_workload("").prompt, kp::workload{}.prompt);
}

void expect_refused(const std::string& devices, const std::string& link, const char* because) {
  try {
    static_cast<void>(parse_cluster(devices, link, link, 0.5));
    ADD_FAILURE() << "accepted: " << devices << ' ' << link;
  } catch (const std::invalid_argument& problem) {
    EXPECT_NE(std::string{problem.what()}.find(because), std::string::npos) << problem.what();
  }
}

TEST(cluster_reader, what_cannot_be_read_is_refused_with_what_could) {
  expect_refused("a100", "25GB/s,10us", "a100-40g");
  expect_refused("a100-40g:0", "25GB/s,10us", "from 1 to 1024");
  expect_refused("a100-40g:x", "25GB/s,10us", "number of devices");
  expect_refused("24@80TFLOPS@900GB/s", "25GB/s,10us", "with the unit");
  expect_refused("24GB@80@900GB/s", "25GB/s,10us", "80TFLOPS");
  expect_refused("a100-40g", "25GB/s", "write 25GB/s,10us");
  expect_refused("a100-40g", "25,10us", "write 25GB/s,10us");
  expect_refused("a100-40g", "0GB/s,10us", "write 25GB/s,10us");
  for (const auto* text : {"prompt", "prompt=x", "colour=1", "rate=-1"}) {
    EXPECT_THROW(static_cast<void>(parse_workload(text)), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace plan::test
