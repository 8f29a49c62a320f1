// SPDX-License-Identifier: Apache-2.0
#include <attention/kernels.hpp>

namespace attention {
namespace portable {
extern const kernels table;
}
#ifdef ATTENTION_X86
namespace avx2 {
extern const kernels table;
}
namespace avx512 {
extern const kernels table;
}
#endif

std::span<const kernels* const> supported_kernels() noexcept {
#ifdef ATTENTION_X86
  static constexpr const kernels* all[] = {&portable::table, &avx2::table, &avx512::table};
  static const std::size_t count = [] {
    // Whoever has AVX2 also converts f16, of which clang 14 knows no way to ask.
    const bool has_avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") != 0 &&
                            __builtin_cpu_supports("avx512bw") != 0 &&
                            __builtin_cpu_supports("avx512dq") != 0 &&
                            __builtin_cpu_supports("avx512vl") != 0;
    return has_avx512 ? 3U : has_avx2 ? 2U : 1U;
  }();
  return {all, count};
#else
  static constexpr const kernels* all[] = {&portable::table};
  return all;
#endif
}

const kernels& best_kernels() noexcept {
  return *supported_kernels().back();
}

}  // namespace attention
