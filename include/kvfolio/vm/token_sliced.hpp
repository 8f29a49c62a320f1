// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/vm/part_tensors.hpp>

namespace kvfolio::vm {

/// One tensor for all keys and one for all values, `[tokens, layers, kv_heads, dim]` each: a row
/// has fewer tokens by the number of layers, so little of the last one is wasted and few chunks are
/// mapped for it (tensor slicing: vAttention, Prabhu et al., ASPLOS 2025).
///
/// Kernels that read a layer skip all others after each token, and use that much less of what the
/// processor fetches ahead: only for chunks that are much larger than what one layer needs.
using token_sliced = part_tensors<layer_grouping::together>;

static_assert(tensor_layout<token_sliced>);

}  // namespace kvfolio::vm
