// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/spill.hpp>
#include <kvfolio/tier/host_store.hpp>
#include <kvfolio/tier/swap.hpp>
#include <kvfolio/tier/transfer_engine.hpp>

#include "../support/allocation_guard.hpp"
#include "../support/bundles.hpp"

namespace kvfolio::test {
namespace {

using store_type = tier::host_store<memory::heap>;
using engine_type = tier::transfer_engine<store_type, tier::host_mover>;
struct swapping : default_policies {
  using tier = kvfolio::tier::with_store<kvfolio::tier::swap, store_type>;
};
using cache_type = paged_cache<swapping>;

class preemption_in_need : public testing::Test {
 protected:
  static std::size_t page_bytes() {
    const auto config = plain::config();
    return model::page_layout{config.shape, config.tokens_per_page, config.order}.bytes();
  }
  store_type store_{page_bytes(), 30};
};

TEST_F(preemption_in_need, what_it_is_made_of_is_made_whole_or_leaks_nothing) {
  std::vector<std::byte> pool(24 * page_bytes());
  std::optional<engine_type> engine;
  std::optional<spill<store_type>> spilled;
  const auto places = tier::page_places::by_piece(2, page_bytes() / 2, 24);
  const auto live = allocations().live;
  const auto failures = fail_until_it_works(
      30,
      [&] {
        engine.reset();
        engine.emplace(store_, tier::host_mover{pool}, places);
        spilled.emplace(store_, tier::store_fingerprint{}, 24);
      },
      [&](std::size_t after) {
        engine.reset();
        EXPECT_EQ(allocations().live, live) << "after " << after << " allocations";
      });
  EXPECT_LT(failures, 30U);
  EXPECT_GT(failures, 5U);
}

TEST_F(preemption_in_need, a_transfer_and_the_way_back_allocate_nothing) {
  std::vector<std::byte> pool(24 * page_bytes());
  engine_type engine{store_, tier::host_mover{pool},
                     tier::page_places::by_page(2, page_bytes() / 2)};
  const std::vector<tier::page_transfer> moving{{page_id{3}, {{1, 1}}}, {page_id{7}, {{2, 2}}}};
  cache_type cache{plain::config(),
                   cache_type::parts::make(plain::config(), {kvfolio::tier::swap{}, store_, 1})};
  auto leaving = cache.create().value();
  leaving.append(11).value();
  auto parked = cache.preempt(std::move(leaving)).value();
  const auto before = allocations().attempts;
  for (const auto way : {tier::direction::to_store, tier::direction::to_pool}) {
    static_cast<void>(engine.start(way, moving).value());
    engine.run();
  }
  const auto back = std::move(parked).resume().value();
  EXPECT_EQ(allocations().attempts, before);
}

TEST_F(preemption_in_need, a_sequence_stays_if_it_cannot_be_remembered) {
  cache_type cache{plain::config(),
                   cache_type::parts::make(plain::config(), {kvfolio::tier::swap{}, store_, 1})};
  auto leaving = cache.create().value();
  leaving.append(11).value();
  leaving.commit(std::vector<token_id>(9, 4));
  const auto digest = cache.state_digest();
  allow_allocations(0);
  const auto failed = cache.preempt(std::move(leaving));
  allow_all_allocations();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), errc::out_of_memory);
  EXPECT_EQ(leaving.length(), 11U);
  EXPECT_EQ(cache.state_digest(), digest);
  EXPECT_EQ(store_.usage().entries, 0U);
}

}  // namespace
}  // namespace kvfolio::test
