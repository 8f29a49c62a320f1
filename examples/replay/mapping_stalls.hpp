// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kvfolio/mapping_statistics.hpp>

#include <replay/mapping_options.hpp>
#include <replay/trace.hpp>

namespace replay {

/// What mapping memory took. All 0 for systems that map none.
struct mapping_use {
  std::uint64_t maps = 0;            ///< calls that mapped a chunk
  std::uint64_t access_changes = 0;  ///< calls that said what may be done there
  std::uint64_t unmaps = 0;          ///< calls that unmapped
  nanoseconds calls = 0;             ///< that all of them took
  nanoseconds stalled = 0;           ///< of it, what steps waited for
  std::size_t peak_pages = 0;        ///< mapped at the same time, once each
};

/// Tells how long steps wait for the calls that map their memory.
///
/// **In the call**, a step takes what its calls take, and then computes. **In the background**, a
/// thread that is never late makes the calls of a step while the step before it computes, here
/// taken to be as long: what exceeds that is waited for. This is a bound from below; a real thread
/// must guess how far requests grow, and cannot know when they come.
class mapping_stalls {
 public:
  /// Nothing is mapped yet.
  explicit mapping_stalls(const mapping_options& how)
      : calls_{how.calls}, background_{how.background} {}

  /// A step computes for `computed`, and the cache is as `now` says. Returns how long the step
  /// waits beside.
  [[nodiscard]] nanoseconds step(const kvfolio::mapping_statistics& now, nanoseconds computed) {
    const auto took = (now.maps - seen_.maps) * calls_.map +
                      (now.access_changes - seen_.access_changes) * calls_.access +
                      (now.unmaps - seen_.unmaps) * calls_.unmap;
    const auto hidden = background_ ? std::min(took, computed) : 0;
    seen_.maps = now.maps;
    seen_.access_changes = now.access_changes;
    seen_.unmaps = now.unmaps;
    seen_.calls += took;
    seen_.stalled += took - hidden;
    seen_.peak_pages = std::max(seen_.peak_pages, now.shown_pages);
    return took - hidden;
  }

  /// What it saw.
  [[nodiscard]] const mapping_use& seen() const { return seen_; }

 private:
  call_times calls_;
  bool background_;
  mapping_use seen_;
};

}  // namespace replay
