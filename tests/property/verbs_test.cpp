// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "../support/bundles.hpp"
#include "../support/random_steps.hpp"
#include "../support/sanitized.hpp"
#include "../support/verb_driver.hpp"

namespace kvfolio::test {
namespace {

constexpr int usual_steps = sanitized ? 3'000 : 10'000;

template <class Bundle>
class verbs : public testing::Test {};
TYPED_TEST_SUITE(verbs, bundles, bundle_names);

TYPED_TEST(verbs, agree_with_a_list_of_tokens_a_sequence_after_every_step) {
  const int steps = std::getenv("KVFOLIO_SOAK") != nullptr ? 400'000 : usual_steps;
  for_each_seed([steps](std::mt19937& rng) {
    const auto choose = [&rng](std::size_t bound) { return std::size_t{rng()} % bound; };
    verb_driver<TypeParam, decltype(choose)> driver{TypeParam::config(), choose};
    drive(driver, steps);
  });
}

}  // namespace
}  // namespace kvfolio::test
