// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/vm/part_tensors.hpp>

namespace kvfolio::vm {

/// A tensor for the keys of each layer and another for its values, `[tokens, kv_heads, dim]` each:
/// what kernels for contiguous caches expect, and the fastest to read. A row maps a chunk in every
/// one of them (vAttention: Prabhu et al., ASPLOS 2025, its default).
using per_layer = part_tensors<layer_grouping::apart>;

static_assert(tensor_layout<per_layer>);

}  // namespace kvfolio::vm
