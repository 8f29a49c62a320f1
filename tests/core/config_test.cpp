// SPDX-License-Identifier: Apache-2.0
// Routes failed preconditions elsewhere, as a program does that defines the macro first.
namespace kvfolio::test {
[[noreturn]] void contract_broken(const char* condition);
}
#define KVFOLIO_EXPECTS(condition) \
  ((condition) ? static_cast<void>(0) : ::kvfolio::test::contract_broken(#condition))

#include <string>

#include <gtest/gtest.h>

#include <kvfolio/core/math.hpp>
#include <kvfolio/paged_cache.hpp>

namespace kvfolio::test {

struct broken_contract {
  std::string condition;
};
void contract_broken(const char* condition) {
  throw broken_contract{condition};
}

namespace {

// Not `noexcept`, so that the test may throw out of it.
std::size_t size_of_row(std::size_t row) {
  KVFOLIO_EXPECTS(row < 3);
  return row;
}

TEST(config, a_program_may_route_failed_preconditions_elsewhere) {
  EXPECT_EQ(size_of_row(2), 2U);
  try {
    size_of_row(3);
    FAIL() << "the contract was not checked";
  } catch (const broken_contract& broken) {
    EXPECT_EQ(broken.condition, "row < 3");
  }
}

TEST(config, the_version_can_be_compared_while_preprocessing) {
#if KVFOLIO_VERSION_MAJOR * 10000 + KVFOLIO_VERSION_MINOR * 100 + KVFOLIO_VERSION_PATCH >= 100
  SUCCEED();
#else
  FAIL() << "0.1.0 was the first";
#endif
}

TEST(config, a_cache_works_with_checks_of_the_programs_own) {
  paged_cache<> cache{{.shape = model::grouped_query(1, 1, 8, dtype::i8), .pages = 2}};
  auto one = cache.create().value();
  EXPECT_TRUE(one.append(17));
}

}  // namespace
}  // namespace kvfolio::test
