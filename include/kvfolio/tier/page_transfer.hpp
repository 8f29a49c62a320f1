// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/core/types.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::tier {

/// A page that must move between a pool and a store, one way or the other.
struct page_transfer {
  page_id page;   ///< where it is in the pool, or will be
  store_key key;  ///< its name in the store

  /// Equal in every member.
  friend constexpr bool operator==(const page_transfer&, const page_transfer&) = default;
};

}  // namespace kvfolio::tier
