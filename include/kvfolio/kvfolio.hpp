// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Everything without threads and without optional dependencies. `threads.hpp` adds the rest.

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/core/index_list.hpp>
#include <kvfolio/core/page_set.hpp>
#include <kvfolio/cow_page.hpp>
#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/clock.hpp>
#include <kvfolio/eviction/fifo.hpp>
#include <kvfolio/eviction/gdsf.hpp>
#include <kvfolio/eviction/lfu.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/lru_k.hpp>
#include <kvfolio/eviction/s3_fifo.hpp>
#include <kvfolio/eviction/sieve.hpp>
#include <kvfolio/eviction/slru.hpp>
#include <kvfolio/eviction/tf_lru.hpp>
#include <kvfolio/eviction/two_q.hpp>
#include <kvfolio/eviction/w_tinylfu_exact.hpp>
#include <kvfolio/eviction/walru.hpp>
#include <kvfolio/memory/limiting.hpp>
#include <kvfolio/memory/mapped.hpp>
#include <kvfolio/memory/statistics.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/observe/counting_observer.hpp>
#include <kvfolio/observe/fan_out.hpp>
#include <kvfolio/page/static_reservation.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/policies.hpp>
#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/prefix/none.hpp>
#include <kvfolio/prefix/partial_match.hpp>
#include <kvfolio/table/export.hpp>
#include <kvfolio/table/persistent.hpp>
