// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What becomes of KV beyond the pool: what it costs to move and to compute again, and policies
/// that choose.

#include <kvfolio/spill.hpp>
#include <kvfolio/tier/activation_split.hpp>
#include <kvfolio/tier/automatic.hpp>
#include <kvfolio/tier/choose_victims.hpp>
#include <kvfolio/tier/describe.hpp>
#include <kvfolio/tier/failing_store.hpp>
#include <kvfolio/tier/file_store.hpp>
#include <kvfolio/tier/host_store.hpp>
#include <kvfolio/tier/last_come.hpp>
#include <kvfolio/tier/layered_store.hpp>
#include <kvfolio/tier/least_recomputation.hpp>
#include <kvfolio/tier/lowest_priority.hpp>
#include <kvfolio/tier/lowest_value.hpp>
#include <kvfolio/tier/measuring.hpp>
#include <kvfolio/tier/recompute.hpp>
#include <kvfolio/tier/sparing.hpp>
#include <kvfolio/tier/split.hpp>
#include <kvfolio/tier/swap.hpp>
#include <kvfolio/tier/swap_or_recompute.hpp>
#include <kvfolio/tier/token_wise.hpp>
#include <kvfolio/tier/transfer_engine.hpp>
#include <kvfolio/tier/watermarks.hpp>
#include <kvfolio/tier/with_store.hpp>
