// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include <kvfolio/core/config.hpp>

namespace kvfolio::vm {

/// A view of a tensor whose elements lie at strides: what kernels take that know nothing of pages.
///
/// What C++20 needs of `std::mdspan` with `layout_stride`; `vm/mdspan.hpp` makes one of it where
/// there is one. Strides are in elements. Owns nothing and is passed by value. The elements may be
/// those of a device: then only `data()` is of use to the host.
template <class Element, std::size_t Rank>
class strided_view {
 public:
  using element_type = Element;                      ///< what it is a view of
  using shape_type = std::array<std::size_t, Rank>;  ///< a number for each dimension

  /// A view of nothing.
  constexpr strided_view() noexcept = default;
  /// A view of `extents` elements, `strides` apart in each dimension, the first of them at `data`.
  constexpr strided_view(Element* data, const shape_type& extents,
                         const shape_type& strides) noexcept
      : data_{data}, extents_{extents}, strides_{strides} {}

  /// Number of dimensions.
  [[nodiscard]] static constexpr std::size_t rank() noexcept { return Rank; }
  /// The element whose indices are all 0.
  [[nodiscard]] constexpr Element* data() const noexcept { return data_; }
  /// Elements in each dimension.
  [[nodiscard]] constexpr const shape_type& extents() const noexcept { return extents_; }
  /// Elements from one to the next in each dimension.
  [[nodiscard]] constexpr const shape_type& strides() const noexcept { return strides_; }

  /// The element with these indices. Precondition: each is below its extent.
  template <std::convertible_to<std::size_t>... Indices>
  requires(sizeof...(Indices) == Rank) [[nodiscard]] constexpr Element& operator()(
      Indices... indices) const noexcept {
    const shape_type at{static_cast<std::size_t>(indices)...};
    std::size_t offset = 0;
    for (std::size_t dimension = 0; dimension < Rank; ++dimension) {
      KVFOLIO_EXPECTS(at[dimension] < extents_[dimension]);
      offset += at[dimension] * strides_[dimension];
    }
    return data_[offset];
  }

 private:
  Element* data_ = nullptr;
  shape_type extents_{};
  shape_type strides_{};
};

/// The bytes of `view` as elements of type `Element`, of which the last dimension has fewer then.
/// Precondition: they lie together in the last dimension, and all strides are whole elements.
template <class Element, std::size_t Rank>
requires std::is_trivially_copyable_v<Element>
[[nodiscard]] strided_view<Element, Rank> view_as(strided_view<std::byte, Rank> view) noexcept {
  auto extents = view.extents();
  auto strides = view.strides();
  KVFOLIO_EXPECTS(strides[Rank - 1] == 1 && extents[Rank - 1] % sizeof(Element) == 0);
  extents[Rank - 1] /= sizeof(Element);
  for (std::size_t dimension = 0; dimension + 1 < Rank; ++dimension) {
    KVFOLIO_EXPECTS(strides[dimension] % sizeof(Element) == 0);
    strides[dimension] /= sizeof(Element);
  }
  return {reinterpret_cast<Element*>(view.data()), extents, strides};
}

}  // namespace kvfolio::vm
