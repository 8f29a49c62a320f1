// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/tier/store_fingerprint.hpp>

namespace kvfolio::test {
namespace {

constexpr auto shape = model::grouped_query(2, 2, 8, dtype::f16);

TEST(store_fingerprint, is_the_same_for_the_same_model_and_layout) {
  EXPECT_EQ(tier::fingerprint_of("m", model::page_layout(shape, 16)),
            tier::fingerprint_of("m", model::page_layout(shape, 16)));
}

TEST(store_fingerprint, changes_with_every_fact_about_the_pages) {
  const auto with = [](auto change) {
    auto other = shape;
    change(other);
    return tier::fingerprint_of("m", model::page_layout(other, 16));
  };
  const std::vector<tier::store_fingerprint> all{
      tier::fingerprint_of("m", model::page_layout(shape, 16)),
      tier::fingerprint_of("n", model::page_layout(shape, 16)),
      tier::fingerprint_of("", model::page_layout(shape, 16)),
      tier::fingerprint_of("m", model::page_layout(shape, 32)),
      tier::fingerprint_of("m", model::page_layout(shape, 16, model::token_order::token_major)),
      with([](auto& s) { s.layers = 4; }),
      with([](auto& s) { s.kv_heads = 4; }),
      with([](auto& s) { s.key_dim = 16; }),
      with([](auto& s) { s.value_dim = 16; }),
      with([](auto& s) { s.bits_per_element = 8; }),
      with([](auto& s) { s.scale_bytes = 4; })};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(std::find(all.begin(), all.end(), all[i]) - all.begin(),
              static_cast<std::ptrdiff_t>(i));
    EXPECT_NE(all[i].seed(), all[(i + 1) % all.size()].seed());
  }
}

}  // namespace
}  // namespace kvfolio::test
