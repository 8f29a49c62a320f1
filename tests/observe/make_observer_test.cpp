// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include <gtest/gtest.h>

#include <kvfolio/observe/counting_observer.hpp>
#include <kvfolio/observe/fan_out.hpp>
#include <kvfolio/observe/make_observer.hpp>

namespace kvfolio::test {
namespace {

struct sized_observer : null_observer {
  explicit sized_observer(std::size_t made_for) : pages{made_for} {}
  std::size_t pages;
};
struct named_observer : null_observer {
  explicit named_observer(const char* /*name*/) {}
};
static_assert(self_made_observer<null_observer> && self_made_observer<sized_observer>);
static_assert(self_made_observer<fan_out<sized_observer, null_observer>>);
static_assert(observer<named_observer> && !self_made_observer<named_observer>);

TEST(make_observer, makes_observers_from_the_number_of_pages_or_from_nothing) {
  EXPECT_EQ(make_observer<sized_observer>(7).pages, 7U);
  EXPECT_EQ((make_observer<fan_out<null_observer, sized_observer>>(7).get<1>().pages), 7U);
  auto counting = make_observer<counting_observer>(8);
  counting.on(event::page_fault{page_id{7}});
  EXPECT_EQ(counting.counts().page_faults, 1U);
}

}  // namespace
}  // namespace kvfolio::test
