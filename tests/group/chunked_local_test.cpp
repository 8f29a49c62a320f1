// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include <kvfolio/group/chunked_local.hpp>

#include "../conformance/group_rule_conformance.hpp"

namespace kvfolio::test {
namespace {

struct of_512 {
  static group::chunked_local make() { return group::chunked_local{512}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(chunked_local, group_rule_conformance, of_512);

TEST(chunked_local, a_token_reads_its_chunk_and_the_first_of_one_reads_nothing) {
  constexpr group::chunked_local chunks{8};
  EXPECT_EQ(chunks.first_needed(7), 0U);
  EXPECT_EQ(chunks.first_needed(8), 8U) << "the token at 8 begins a chunk";
  EXPECT_EQ(chunks.first_needed(15), 8U);
}

TEST(chunked_local, an_empty_chunk_is_refused) {
  EXPECT_THROW(group::chunked_local{0}, std::invalid_argument);
}

}  // namespace
}  // namespace kvfolio::test
