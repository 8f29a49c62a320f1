// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// KV that is contiguous in virtual memory, but for threads and for the backends, which need an
/// operating system or a driver: `vm/linux_backend.hpp`, `vm/cuda_backend.hpp`.

#include <kvfolio/vm/concept.hpp>
#include <kvfolio/vm/page_major.hpp>
#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/reserve_halving.hpp>
#include <kvfolio/vm/row_copier.hpp>
#include <kvfolio/vm/synchronous_extension.hpp>
#include <kvfolio/vm/token_sliced.hpp>
#include <kvfolio/vm/virtual_slots.hpp>
