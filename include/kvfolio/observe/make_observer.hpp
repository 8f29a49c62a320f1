// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>

#include <kvfolio/observe/notify.hpp>

namespace kvfolio {

/// An observer that a cache can make by itself: from its number of pages, or from nothing.
template <class O>
concept self_made_observer = observer<O> &&
    (std::constructible_from<O, std::size_t> || std::default_initializable<O>);

/// Makes an observer for pages `[0, pages)`. \throws what its constructor throws
template <self_made_observer O>
[[nodiscard]] O make_observer(std::size_t pages) {
  if constexpr (std::constructible_from<O, std::size_t>) {
    return O(pages);
  } else {
    return O{};
  }
}

}  // namespace kvfolio
