// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

#if !__has_include(<mdspan>)
// Where the standard library has none yet, what the header uses of it, as the standard declares it:
// then these tests show what is passed, and a newer compiler that it is taken.
#define __cpp_lib_mdspan 202207L
// NOLINTBEGIN(cert-dcl58-cpp)
namespace std {
template <class Index, std::size_t Rank>
struct dextents {
  using index_type = Index;
  explicit constexpr dextents(const std::array<Index, Rank>& all) : sizes{all} {}
  [[nodiscard]] constexpr Index extent(std::size_t dimension) const { return sizes[dimension]; }
  std::array<Index, Rank> sizes;
};
struct layout_stride {
  template <class Extents>
  struct mapping {
    template <std::size_t Rank>
    constexpr mapping(const Extents& all, const std::array<typename Extents::index_type, Rank>& by)
        : extents{all} {
      for (std::size_t i = 0; i < Rank; ++i) strides[i] = by[i];
    }
    [[nodiscard]] constexpr auto stride(std::size_t dimension) const { return strides[dimension]; }
    Extents extents;
    std::array<typename Extents::index_type, 8> strides{};
  };
};
template <class Element, class Extents, class Layout>
class mdspan {
 public:
  constexpr mdspan(Element* data, const typename Layout::template mapping<Extents>& places)
      : data_{data}, places_{places} {}
  [[nodiscard]] constexpr Element* data_handle() const { return data_; }
  [[nodiscard]] constexpr auto extent(std::size_t i) const { return places_.extents.extent(i); }
  [[nodiscard]] constexpr auto stride(std::size_t i) const { return places_.stride(i); }

 private:
  Element* data_;
  typename Layout::template mapping<Extents> places_;
};
}  // namespace std
// NOLINTEND(cert-dcl58-cpp)
#endif

#include <gtest/gtest.h>

#include <kvfolio/vm/mdspan.hpp>

namespace kvfolio::test {
namespace {

TEST(mdspan, has_the_elements_extents_and_strides_of_the_view) {
  std::array<int, 12> numbers{};
  const vm::strided_view<int, 2> view{numbers.data(), {3, 2}, {4, 1}};
  const auto span = vm::to_mdspan(view);
  EXPECT_EQ(span.data_handle(), numbers.data());
  EXPECT_EQ(span.extent(0), 3U);
  EXPECT_EQ(span.extent(1), 2U);
  EXPECT_EQ(span.stride(0), 4U);
  EXPECT_EQ(span.stride(1), 1U);
}

}  // namespace
}  // namespace kvfolio::test
