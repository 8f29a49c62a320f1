// SPDX-License-Identifier: Apache-2.0
// All kernels for one target. Compiled once for each, under the name ATTENTION_TARGET and with the
// compiler's flags for it, and includes nothing whose functions others could share.
#include <attention/limit_kernels.hpp>
#include <attention/stream_kernel.hpp>
#include <attention/tile_kernel.hpp>

namespace attention::ATTENTION_TARGET {
namespace {

template <class Element>
constexpr auto stream_or_none(auto heads) -> void (*)(const stream_step&) {
  if constexpr (heads.value <= (lanes == 16 ? 8 : 4)) {
    return stream<Element, heads.value>;
  } else {
    return nullptr;
  }
}

#define ATTENTION_STREAMS(element)                                         \
  {                                                                        \
    stream_or_none<element>(std::integral_constant<std::size_t, 1>{}),     \
        stream_or_none<element>(std::integral_constant<std::size_t, 2>{}), \
        stream_or_none<element>(std::integral_constant<std::size_t, 4>{}), \
        stream_or_none<element>(std::integral_constant<std::size_t, 8>{})  \
  }
#define ATTENTION_TEXT(name) #name
#define ATTENTION_NAME(name) ATTENTION_TEXT(name)

}  // namespace

extern const kernels table;
constexpr kernels table{ATTENTION_NAME(ATTENTION_TARGET),
                        lanes,
                        {ATTENTION_STREAMS(f32), ATTENTION_STREAMS(f16), ATTENTION_STREAMS(bf16),
                         ATTENTION_STREAMS(i8)},
                        {gather<f32>, gather<f16>, gather<bf16>, gather<i8>},
                        tile,
                        read,
                        compute};

}  // namespace attention::ATTENTION_TARGET
