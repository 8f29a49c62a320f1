// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/vm/concept.hpp>

namespace kvfolio::vm {

/// Reserves `wanted` bytes of `backend`, or where there are not so many addresses the half, a
/// quarter and so on, but no fewer than `least`, rounded up to `alignment`; the range says how many
/// it is. For sizes that are only generous: sanitizers, valgrind and some containers refuse a
/// terabyte that others give for nothing.
///
/// `no_address_space` if not even `least` can be had; any other failure is returned at once.
/// Precondition: `0 < least <= wanted`, and `alignment` is one that `reserve` takes. O(log(wanted /
/// least)) calls.
template <vm_backend B>
[[nodiscard]] result<address_range> reserve_halving(B& backend, std::size_t wanted,
                                                    std::size_t least,
                                                    std::size_t alignment) noexcept {
  KVFOLIO_EXPECTS(0 < least && least <= wanted && wanted <= SIZE_MAX - alignment);
  for (;;) {
    auto range = backend.reserve(ceil_div(wanted, alignment) * alignment, alignment);
    if (range || range.error() != errc::no_address_space || wanted == least) return range;
    wanted = std::max(least, wanted / 2);
  }
}

}  // namespace kvfolio::vm
