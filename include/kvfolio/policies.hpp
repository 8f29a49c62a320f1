// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/copies/concept.hpp>
#include <kvfolio/copies/host_copies.hpp>
#include <kvfolio/eviction/concept.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/memory/concept.hpp>
#include <kvfolio/memory/heap.hpp>
#include <kvfolio/observe/notify.hpp>
#include <kvfolio/page/concept.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/reservation_rule.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/radix.hpp>
#include <kvfolio/refcount/concept.hpp>
#include <kvfolio/refcount/local.hpp>
#include <kvfolio/table/concept.hpp>
#include <kvfolio/table/flat.hpp>
#include <kvfolio/tier/concept.hpp>
#include <kvfolio/tier/recompute.hpp>

namespace kvfolio {

/// The policies of a single-threaded cache in host memory. To change one, inherit and redeclare its
/// alias: `struct serving : kv::default_policies { using page_table = kv::table::persistent; };`
struct default_policies {
  using memory = kvfolio::memory::heap;               ///< where the bytes come from
  using page_allocator = kvfolio::page::free_list<>;  ///< which free page comes next
  using reservation = kvfolio::page::on_demand;       ///< how much storage a sequence has
  using page_table = kvfolio::table::flat;            ///< how a sequence finds its pages
  using refcount = kvfolio::refcount::local;          ///< how pins are counted
  using prefix_index = kvfolio::prefix::radix;        ///< how pages are found again
  using eviction = kvfolio::eviction::lru;            ///< who leaves
  using tier = kvfolio::tier::recompute;              ///< where preempted sequences go
  using copies = kvfolio::host_copies;                ///< who carries out copy-on-write
  using observer = kvfolio::null_observer;            ///< who hears of it
};

/// A bundle of policies: independent aliases, each held to its concept, none derived from another.
// clang-format off
template <class P>
concept policy_bundle =
    memory_source<typename P::memory> &&
    page_allocator<typename P::page_allocator> &&
    reservation_rule<typename P::reservation> &&
    page_table<typename P::page_table> &&
    reference_counter<typename P::refcount> &&
    prefix_index<typename P::prefix_index> &&
    eviction_policy<typename P::eviction> &&
    tier_policy<typename P::tier> &&
    copy_backend<typename P::copies> &&
    observer<typename P::observer> &&
    (host_memory<typename P::memory> || !P::copies::needs_bytes) &&
    (!P::reservation::contiguous ||
     (run_allocator<typename P::page_allocator> && !P::prefix_index::enabled));
// clang-format on

static_assert(policy_bundle<default_policies>);

}  // namespace kvfolio
