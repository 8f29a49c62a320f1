// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <gtest/gtest.h>

#include <kvfolio/prefix/none.hpp>
#include <kvfolio/prefix/partial_match.hpp>

#include "bundles.hpp"
#include "colliding_hash.hpp"

namespace kvfolio::test {

/// The caches in which prefixes are reused, of every index, eviction policy and way of copying.
struct persistent_reuse : default_policies {
  using page_table = kvfolio::table::persistent;
};
struct deferred_reuse : default_policies {
  using copies = deferred_copies;
};
struct clock_reuse : persistent_reuse {
  using eviction = kvfolio::eviction::clock;
  using page_allocator = kvfolio::page::free_list<kvfolio::page::append>;
};
struct sieve_reuse : deferred_reuse {
  using eviction = kvfolio::eviction::sieve;
};
struct fifo_reuse : default_policies {
  using eviction = kvfolio::eviction::fifo;
  using refcount = kvfolio::refcount::atomic;
};
struct arc_reuse : default_policies {
  using eviction = kvfolio::eviction::arc;
};
struct w_tinylfu_reuse : deferred_reuse {
  using eviction = kvfolio::eviction::w_tinylfu_exact;
};
struct colliding_reuse : default_policies {
  using prefix_index = colliding_radix;
};
struct hashed_reuse : persistent_reuse {
  using prefix_index = prefix::hashed<>;
};
struct wide_hashed_reuse : deferred_reuse {
  using prefix_index = hashed_by_128_bit;
};
struct no_reuse : default_policies {
  using prefix_index = prefix::none;
};

struct partial_reuse : deferred_reuse {
  using prefix_index = prefix::partial_match<>;
};
struct partial_copied_reuse : clock_reuse {
  using prefix_index = prefix::partial_match<prefix::hashed<>, prefix::unused_leaf::copied>;
};

using reusing_policies =
    testing::Types<default_policies, clock_reuse, sieve_reuse, fifo_reuse, arc_reuse,
                   w_tinylfu_reuse, colliding_reuse, hashed_reuse, wide_hashed_reuse, no_reuse,
                   partial_reuse, partial_copied_reuse>;

/// Names these policies in the names of tests.
struct reuse_names {
  template <class Policies>
  static std::string GetName(int /*place*/) {
    using std::is_same_v;
    if (is_same_v<Policies, default_policies>) return "default_policies";
    if (is_same_v<Policies, persistent_reuse>) return "persistent";
    if (is_same_v<Policies, deferred_reuse>) return "deferred";
    if (is_same_v<Policies, clock_reuse>) return "clock";
    if (is_same_v<Policies, sieve_reuse>) return "sieve";
    if (is_same_v<Policies, fifo_reuse>) return "fifo";
    if (is_same_v<Policies, arc_reuse>) return "arc";
    if (is_same_v<Policies, w_tinylfu_reuse>) return "w_tinylfu";
    if (is_same_v<Policies, colliding_reuse>) return "colliding_radix";
    if (is_same_v<Policies, hashed_reuse>) return "hashed";
    if (is_same_v<Policies, wide_hashed_reuse>) return "by_128_bit";
    if (is_same_v<Policies, partial_reuse>) return "partial";
    if (is_same_v<Policies, partial_copied_reuse>) return "partial_copied";
    return "none";
  }
};

}  // namespace kvfolio::test
