// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <kvfolio/vm/strided_view.hpp>

#include <attention/layout.hpp>

namespace attention {

/// What a cache shows of one part of a sequence that is contiguous in virtual memory:
/// `[tokens, kv_heads, bytes]`.
using part_view = kv::vm::strided_view<std::byte, 3>;

/// Returns the row that `keys` and `values` show, as `kvfolio::contiguous_cache` returns them; of
/// 8-bit integers, `scales` too. Valid as long as they are.
[[nodiscard]] inline plain_row row_of(const part_view& keys, const part_view& values,
                                      const part_view& scales = {}) noexcept {
  return {.first = {.keys = keys.data(),
                    .values = values.data(),
                    .scales = scales.data(),
                    .key_stride = keys.strides()[0],
                    .value_stride = values.strides()[0],
                    .scale_stride = scales.strides()[0],
                    .tokens = keys.extents()[0]},
          .key_head = keys.strides()[1],
          .value_head = values.strides()[1],
          .scale_head = scales.strides()[1]};
}

}  // namespace attention
