// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include <kvfolio/threads.hpp>

#include "index_mirror.hpp"

namespace kvfolio::test {

/// The caches that every verb is tested with: a bundle, and a configuration small enough for pools
/// to run out and for several pages to be looked at byte by byte.
struct plain {
  using policies = default_policies;
  static constexpr cache_config config() {
    return {.shape = model::grouped_query(2, 2, 4, dtype::f16),
            .tokens_per_page = 4,
            .pages = 24,
            .max_sequences = 8};
  }
};

struct counting_policies : default_policies {
  using observer = counting_observer;
};
struct counted : plain {
  using policies = counting_policies;
};

struct persistent_policies : counting_policies {
  using page_table = kvfolio::table::persistent;
};
struct persistent_table : plain {
  using policies = persistent_policies;
};

struct append_policies : counting_policies {
  using page_allocator = kvfolio::page::free_list<kvfolio::page::append>;
};
struct append_order : plain {
  using policies = append_policies;
};

struct atomic_policies : counting_policies {
  using refcount = kvfolio::refcount::atomic;
};
struct atomic_counters : plain {
  using policies = atomic_policies;
};

struct unbacked_policies : counting_policies {
  using memory = kvfolio::memory::unbacked;
  using copies = deferred_copies;
};
struct deferred_unbacked : plain {
  using policies = unbacked_policies;
};

struct device_policies : unbacked_policies {
  using memory = kvfolio::memory::mapped;
  using page_table = kvfolio::table::persistent;
  using page_allocator = kvfolio::page::free_list<kvfolio::page::append>;
};
struct deferred_mapped : plain {
  using policies = device_policies;
};

/// The other order of tokens, and a latent shape of bytes with scales.
struct token_major : counted {
  static constexpr cache_config config() {
    auto made = plain::config();
    made.shape = model::with_scales(model::latent(3, 6, 2, dtype::i8), 4);
    made.order = model::token_order::token_major;
    return made;
  }
};

template <std::uint32_t Tokens, std::uint32_t Pages>
struct pages_of : counted {
  static constexpr cache_config config() {
    auto made = plain::config();
    made.tokens_per_page = Tokens;
    made.pages = Pages;
    return made;
  }
};

/// Page 0 is never handed out, and no sequence may fill the pool.
struct null_page : counted {
  static constexpr cache_config config() {
    auto made = plain::config();
    made.reserve_null_page = true;
    made.max_tokens = 50;
    return made;
  }
};

template <class... More>
using bundles_and = testing::Types<counted, persistent_table, append_order, atomic_counters,
                                   deferred_unbacked, deferred_mapped, token_major, pages_of<1, 40>,
                                   pages_of<3, 24>, pages_of<16, 9>, null_page, More...>;
using bundles = bundles_and<plain>;
using counting_bundles = bundles_and<>;

/// Names a bundle in the names of its tests.
struct bundle_names {
  template <class Bundle>
  static std::string GetName(int /*place*/) {
    using std::is_same_v;
    if (is_same_v<Bundle, plain>) return "plain";
    if (is_same_v<Bundle, counted>) return "counted";
    if (is_same_v<Bundle, persistent_table>) return "persistent_table";
    if (is_same_v<Bundle, append_order>) return "append_order";
    if (is_same_v<Bundle, atomic_counters>) return "atomic_counters";
    if (is_same_v<Bundle, deferred_unbacked>) return "deferred_unbacked";
    if (is_same_v<Bundle, deferred_mapped>) return "deferred_mapped";
    if (is_same_v<Bundle, token_major>) return "token_major";
    if (is_same_v<Bundle, null_page>) return "null_page";
    return "pages_of_" + std::to_string(Bundle::config().tokens_per_page);
  }
};

/// The cache of a bundle.
template <class Bundle>
using cache_of = paged_cache<typename Bundle::policies>;

/// Does an engine carry out the copies of this cache?
template <class Cache>
inline constexpr bool defers = deferring_copy_backend<typename Cache::policies::copies>;

/// What the cache's observer counted; nothing, if it counts nothing.
template <class Cache>
[[nodiscard]] event_counts counts_of(const Cache& cache) {
  using observer = typename Cache::policies::observer;
  if constexpr (std::same_as<observer, counting_observer>) {
    return cache.observer().counts();
  } else if constexpr (std::same_as<observer, fan_out<counting_observer, index_mirror>>) {
    return cache.observer().template get<0>().counts();
  } else {
    return {};
  }
}

}  // namespace kvfolio::test
