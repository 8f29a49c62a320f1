// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/observe/notify.hpp>

namespace kvfolio::test {

/// The base of observers that listen to forks and to nothing else.
using ignore_all_but_forks =
    ignore<event::page_fault, event::page_copied, event::page_freed, event::failed,
           event::page_indexed, event::page_withdrawn, event::page_evicted, event::page_hit,
           event::prompt_matched, event::invalidated>;

}  // namespace kvfolio::test
