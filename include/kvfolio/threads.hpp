// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Everything that needs atomics, locks or threads, and everything else.

#include <kvfolio/kvfolio.hpp>
#include <kvfolio/memory/resource.hpp>
#include <kvfolio/page/thread_caches.hpp>
#include <kvfolio/partition/thread_communicator.hpp>
#include <kvfolio/refcount/atomic.hpp>
#include <kvfolio/synchronized.hpp>
#include <kvfolio/tier/synchronized_store.hpp>
#include <kvfolio/tier/transfer_thread.hpp>
#include <kvfolio/vm/background_extension.hpp>
