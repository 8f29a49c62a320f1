// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include <kvfolio/core/index_list.hpp>
#include <kvfolio/core/page_set.hpp>
#include <kvfolio/hybrid_cache.hpp>
#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/prefix/none.hpp>
#include <kvfolio/prefix/partial_match.hpp>
#include <kvfolio/threads.hpp>

namespace kvfolio::test {

struct everything_else : default_policies {
  using memory = kvfolio::memory::statistics<kvfolio::memory::mapped>;
  using page_allocator = kvfolio::page::free_list<kvfolio::page::append>;
  using page_table = kvfolio::table::persistent;
  using refcount = kvfolio::refcount::atomic;
  using prefix_index = kvfolio::prefix::hashed<kvfolio::prefix::by_128_bit>;
  using eviction = kvfolio::eviction::w_tinylfu_exact;
  using copies = deferred_copies;
  using observer = fan_out<counting_observer, null_observer>;
};

namespace {  // on purpose: every translation unit has its own

template <class... T>
std::vector<std::size_t> layout_of() {
  return {sizeof(T)..., alignof(T)...};
}

template <class Policies>
std::vector<std::size_t> layout_of_cache() {
  using cache = paged_cache<Policies>;
  return layout_of<
      cache, typename cache::parts, typename cache::sequence, typename cache::reservation,
      typename cache::runs, typename cache::growth, parked<cache>, parking<cache>, resuming<cache>,
      page_chains<Policies>, resident_pages<Policies>,
      page_pool<typename Policies::page_allocator, typename Policies::refcount>,
      typename Policies::memory, typename Policies::page_allocator, typename Policies::page_table,
      typename Policies::refcount, typename Policies::prefix_index, typename Policies::eviction,
      typename Policies::tier, typename Policies::copies, typename Policies::observer,
      result<typename cache::sequence>, result<typename cache::runs>>();
}

// Sizes and alignments of the public types as this translation unit sees them.
std::vector<std::size_t> layout_seen_here() {
  auto all = layout_of<
      result<int>, result<void>, bad_result, page_id, copy_op, index_list, page_set, bitmap,
      raw_array<int>, memory::heap, memory::unbacked, memory::usage, memory::limiting<memory::heap>,
      memory::block<memory::heap>, model::cache_shape, model::page_layout, model::page_array,
      cache_config, cache_statistics, fit, truncation, token_run, copy_batch, event_counts,
      request_options, key_scope, media_span, prefix_realm, prefix_cursor, page_access,
      retention_hint, sequence_record, sequence_records, prefix::keyed_hash, prefix::none,
      prefix::hashed<>, prefix::partial_match<>, prefix::token_slab, prefix::page_contents,
      eviction::arc, eviction::clock, eviction::fifo, eviction::sieve, event::page_indexed,
      event::prompt_matched, table::padding, table::batch_extent, table::csr_buffers,
      hybrid_cache<>, hybrid_cache<>::sequence, hybrid_config<>, hybrid_statistics,
      model::page_plan, group::any_rule, cow_page<page_pool<page::free_list<>, refcount::local>>>();
  for (const auto& more :
       {layout_of_cache<default_policies>(), layout_of_cache<everything_else>()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace

/// Defined in optimised.cpp, which is built with other flags.
std::vector<std::size_t> layout_seen_there();
void grow_there(paged_cache<everything_else>::sequence& sequence, std::size_t tokens);

}  // namespace kvfolio::test
