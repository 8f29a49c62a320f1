// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#if __has_include(<mdspan>)
#include <mdspan>
#endif

#include <kvfolio/vm/strided_view.hpp>

#ifdef __cpp_lib_mdspan

namespace kvfolio::vm {

/// `view` as the standard type of C++23, with the same elements, extents and strides. Declared only
/// where the standard library has one; no other header includes this one.
template <class Element, std::size_t Rank>
[[nodiscard]] constexpr auto to_mdspan(const strided_view<Element, Rank>& view) noexcept {
  using extents = std::dextents<std::size_t, Rank>;
  const std::layout_stride::mapping<extents> places{extents{view.extents()}, view.strides()};
  return std::mdspan<Element, extents, std::layout_stride>{view.data(), places};
}

}  // namespace kvfolio::vm

#endif
