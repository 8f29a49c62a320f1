// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Memory for what a computation has beside weights and KV: temporaries that share an arena.

#include <kvfolio/activation/forward_pass.hpp>
#include <kvfolio/activation_arena.hpp>
