// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/observe/counting_observer.hpp>
#include <kvfolio/observe/notify.hpp>

#include <replay/copy_log.hpp>
#include <replay/prefix_metrics.hpp>

namespace replay {

/// All that watches the cache of a server.
struct instruments {
  kvfolio::counting_observer events;  ///< counts everything
  copied_pages copied;                ///< to be checked
  prefix_metrics prefixes;            ///< how well they are found

  /// Shows `event` to each.
  template <class E>
  void on(const E& event) noexcept {
    kvfolio::notify(events, event);
    kvfolio::notify(copied, event);
    kvfolio::notify(prefixes, event);
  }
};

/// An observer that shows everything to one that lives elsewhere; to nobody, as made.
template <kvfolio::observer Watcher>
class shown_to {
 public:
  shown_to() noexcept = default;
  /// Shows it to `watcher`, which must outlive it.
  explicit shown_to(Watcher& watcher) noexcept : watcher_{&watcher} {}

  /// Shows `event`.
  template <class E>
  void on(const E& event) noexcept requires kvfolio::handles<Watcher, E> {
    if (watcher_ != nullptr) kvfolio::notify(*watcher_, event);
  }

 private:
  Watcher* watcher_ = nullptr;
};

static_assert(kvfolio::observer<shown_to<instruments>>);

}  // namespace replay
