// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/kvfolio.hpp>
#include <kvfolio/prefix/none.hpp>

namespace kvfolio::test {
namespace {

constexpr cache_config small{.shape = model::grouped_query(2, 2, 8, dtype::f16), .pages = 8};

struct limited : default_policies {
  using memory = kvfolio::memory::limiting<kvfolio::memory::heap>;
};
struct measured : default_policies {
  using memory = kvfolio::memory::statistics<kvfolio::memory::mapped>;
};
struct paged_out : default_policies {
  using memory = kvfolio::memory::unbacked;
  using copies = deferred_copies;
};

struct forgetful : default_policies {
  using prefix_index = kvfolio::prefix::none;
};

// A policy nobody uses costs no byte.
static_assert(std::is_empty_v<prefix::none> && std::is_empty_v<null_observer> &&
              std::is_empty_v<memory::heap> && std::is_empty_v<memory::mapped> &&
              std::is_empty_v<memory::unbacked> && std::is_empty_v<host_copies>);
constexpr auto size_of_default_parts =
    sizeof(page::free_list<>) + sizeof(table::flat) + sizeof(prefix::radix) + sizeof(eviction::lru);
static_assert(sizeof(cache_parts<default_policies>) == size_of_default_parts);
static_assert(sizeof(cache_parts<paged_out>) == size_of_default_parts + sizeof(deferred_copies));
static_assert(sizeof(cache_parts<forgetful>) == size_of_default_parts - sizeof(prefix::radix));

cache_parts<limited> parts_with(std::size_t bytes) {
  auto ordinary = cache_parts<default_policies>::make(small);
  return {.memory = memory::limiting<memory::heap>{bytes},
          .pages = std::move(ordinary.pages),
          .tables = std::move(ordinary.tables),
          .index = std::move(ordinary.index),
          .ordering = std::move(ordinary.ordering),
          .tier = {},
          .copies = std::move(ordinary.copies),
          .observer = {}};
}

constexpr std::size_t needed = 8 * 16 * (2 * 2 * 2 * 8 * 2);

TEST(cache_parts, a_policy_object_of_ones_own_is_used) {
  paged_cache<limited> cache{small, parts_with(needed + 5)};
  EXPECT_EQ(cache.memory().remaining(), 5U);
  auto one = cache.create().value();
  EXPECT_TRUE(one.append(20));
}

TEST(cache_parts, a_source_without_enough_bytes_makes_no_cache) {
  EXPECT_THROW((paged_cache<limited>{small, parts_with(needed - 1)}), std::bad_alloc);
}

TEST(cache_parts, memory_is_taken_once) {
  const paged_cache<measured> cache{small};
  EXPECT_EQ(cache.memory().used(),
            (memory::usage{.bytes = needed, .peak_bytes = needed, .allocations = 1}));
}

// What cannot be made from nothing, only its user can make.
template <class Policies>
concept makes_its_own_parts = requires(const cache_config& config) {
  cache_parts<Policies>::make(config);
};
static_assert(makes_its_own_parts<default_policies> && makes_its_own_parts<measured>);
static_assert(!makes_its_own_parts<limited>);

}  // namespace
}  // namespace kvfolio::test
