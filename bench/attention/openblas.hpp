// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include <attention/layout.hpp>

namespace attention::bench {

/// Prefill as one would write it with a BLAS: the newest `fresh` tokens of the one sequence of
/// `from`, whose elements are f16. Tasks on oneTBB take 64 queries of a KV head with all heads of
/// its group; blocks of keys and values are converted to floats, both products are `cblas_sgemm`
/// on the task's thread, and the softmax is the same polynomial, in loops that compilers vectorise.
void openblas_prefill(const contiguous& from, const geometry& shape, std::size_t fresh,
                      std::span<const float> queries, std::span<float> output);

}  // namespace attention::bench
