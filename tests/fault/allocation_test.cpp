// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "../support/allocation_guard.hpp"
#include "../support/bundles.hpp"

namespace kvfolio::test {
namespace {

template <class Bundle>
class allocation : public testing::Test {};
TYPED_TEST_SUITE(allocation, bundles, bundle_names);

TYPED_TEST(allocation, any_that_fails_during_construction_is_a_bad_alloc_and_leaks_nothing) {
  const auto config = TypeParam::config();
  const auto live = allocations().live;
  std::optional<cache_of<TypeParam>> cache;
  const auto failures = fail_until_it_works(
      100, [&] { cache.emplace(config); },
      [live](std::size_t after) {
        EXPECT_EQ(allocations().live, live) << "after " << after << " allocations";
      });
  EXPECT_LT(failures, 100U) << "a cache is a handful of arrays";
  EXPECT_GT(failures, 3U) << "pages, pins, tables and records are arrays, at least";
}

// Every verb once, and then some, within what was allocated at construction.
template <class Cache>
void use_every_verb(Cache& cache, std::span<std::int32_t> ids, std::span<copy_op> ops,
                    std::span<const token_id> tokens) {
  const std::size_t page = cache.tokens_per_page();
  auto one = cache.create(tokens).value();
  one.append(2 * page + 1).value();
  one.commit(tokens.first(page));
  auto child = one.fork().value();
  auto grandchild = child.fork().value();
  child.append(page).value();
  static_cast<void>(child.writable(child.length() - 1, 1).value());
  static_cast<void>(child.writable(0, 1).has_value());
  auto step = cache.reserve({{one, 1}, {grandchild, 1}}).value();
  step.accept();
  one.reserve(1).value().cancel();
  grandchild.truncate(1);
  static_cast<void>(grandchild.writable(1, 0).value());
  static_cast<void>(one.append(1'000'000).has_value());
  static_cast<void>(cache.probe(tokens).fits() && one.probe(3).fits());
  for (int i = 0; i < 50; ++i) {
    if (!one.append(1)) one.truncate(0);
  }
  const std::array batch{&one, &child, &grandchild};
  const auto extent = table::measure(batch);
  const auto rest = ids.subspan(extent.pages);
  table::export_padded(batch, ids, {.width = extent.widest}).value();
  table::export_csr(batch, {rest.first(4), ids.first(extent.pages), rest.subspan(4, 3)},
                    cache.tokens_per_page())
      .value();
  table::export_slots(batch, ids, cache.tokens_per_page()).value();
  for (const token_run run : child.runs(0, child.length())) ids[0] += run.tokens;
  if constexpr (defers<Cache>) cache.complete(cache.take_copies(ops).ticket);
  static_cast<void>(cache.statistics());
  static_cast<void>(cache.state_digest());
  static_cast<void>(cache.pins(page_id{1}));
  auto moved = std::move(child);
  moved.release();
}

TYPED_TEST(allocation, there_is_none_after_construction) {
  cache_of<TypeParam> cache{TypeParam::config()};
  std::vector<std::int32_t> ids(4'000);
  std::vector<copy_op> ops(100);
  const std::vector<token_id> tokens(40);
  const auto before = allocations().attempts;
  for (int i = 0; i < 3; ++i) use_every_verb(cache, ids, ops, tokens);
  EXPECT_EQ(allocations().attempts, before);
}

// A source that has nothing.
struct broke : memory::heap {
  static result<std::span<std::byte>> allocate(std::size_t /*bytes*/) noexcept {
    return errc::out_of_memory;
  }
};
struct broke_policies : default_policies {
  using memory = broke;
};

TEST(allocation, a_source_that_has_nothing_is_a_bad_alloc_and_leaks_nothing) {
  const auto live = allocations().live;
  EXPECT_THROW(paged_cache<broke_policies>{plain::config()}, std::bad_alloc);
  EXPECT_EQ(allocations().live, live);
}

}  // namespace
}  // namespace kvfolio::test
