// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "../support/contiguous_storm.hpp"
#include "../support/random_steps.hpp"
#include "../support/sanitized.hpp"

namespace kvfolio::test {
namespace {

/// So few mappings that they run out before the rows do.
struct on_a_small_device : on_a_device {
  using layout = vm::per_layer;
  static constexpr const char* name = "device_with_few_mappings";
  [[nodiscard]] static backend make_backend(std::size_t bytes, std::size_t chunk_bytes) {
    return backend{{.granule = chunk_bytes, .max_physical_bytes = bytes, .max_mappings = 110}};
  }
};

template <class Bundle>
class contiguous_verbs : public testing::Test {};
using storm_bundles = testing::Types<by_layer, sliced_eagerly, on_a_device, on_a_small_device>;
TYPED_TEST_SUITE(contiguous_verbs, storm_bundles, name_of_bundle);

TYPED_TEST(contiguous_verbs, every_sequence_reads_what_it_wrote_and_nobody_else_did) {
  for_each_seed([](std::mt19937& rng) {
    auto config = config_of_rows<TypeParam>(18);
    config.look_ahead = rng() % 2 == 0 ? 0 : 40;
    contiguous_storm<TypeParam> wild{rng, config};
    const int usual = sanitized ? 150 : 500;
    const int steps = std::getenv("KVFOLIO_SOAK") != nullptr ? 20'000 : usual;
    for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
      wild.step();
      if (i % 10 == 0) wild.check();
    }
    if (testing::Test::HasFatalFailure()) return;
    wild.finish();
    EXPECT_GT(wild.refused(), 0) << "pages must have run out";
  });
}

}  // namespace
}  // namespace kvfolio::test
