// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/paged_cache.hpp>
#include <kvfolio/tier/with_store.hpp>

#include "bundles.hpp"
#include "engine.hpp"
#include "losing_store.hpp"

namespace kvfolio::test {

struct swapping_policies : counting_policies {
  using tier = kvfolio::tier::with_store<wished_tier, losing_store>;
};

/// A small cache with a store that a test controls, and the engine that uses it.
template <class Policies = swapping_policies>
class parking_lot {
 public:
  using cache_type = paged_cache<Policies>;
  using sequence = typename cache_type::sequence;
  using parked = kvfolio::parked<cache_type>;

  explicit parking_lot(const cache_config& config = plain::config(),
                       std::size_t store_pages = SIZE_MAX)
      : store{model::page_layout{config.shape, config.tokens_per_page, config.order}.bytes(),
              store_pages},
        cache{config, cache_type::parts::make(config, {{&recomputed}, store, 7})},
        engine{cache} {}

  [[nodiscard]] static std::vector<token_id> tokens(std::size_t count, token_id first = 1) {
    std::vector<token_id> values(count);
    for (auto& each : values) each = first++;
    return values;
  }
  // A sequence of the tokens 1, 2, ...; `committed` of them are complete.
  [[nodiscard]] sequence filled(std::size_t count, std::size_t committed) {
    const auto values = tokens(count);
    auto made = cache.create().value();
    made.append(count).value();
    engine.write(made.runs(0, count), values);
    made.commit(std::span{values}.first(committed));
    return made;
  }
  [[nodiscard]] bool reads(const sequence& target, std::size_t first, std::size_t end) {
    auto memory = engine.landed();
    const auto expected = tokens(end - first, static_cast<token_id>(first + 1));
    return engine.holds(memory, target.runs(first, end - first), expected);
  }
  // Spoils what is cached and free, so that bytes must come from elsewhere.
  void spoil() {
    EXPECT_TRUE(cache.reset());
    auto all = cache.create().value();
    const auto most = cache.config().longest();
    all.append(most).value();
    engine.write(all.runs(0, most), tokens(most, 100'000));
  }

  std::uint64_t recomputed = 0;  ///< leading pages that the tier does not store
  losing_store store;
  cache_type cache;
  test::engine<cache_type> engine;
};

}  // namespace kvfolio::test
