// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include "../conformance/observer_conformance.hpp"
#include "../support/fork_events.hpp"

namespace kvfolio::test {
namespace {

struct make_null {
  static null_observer make() { return {}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(null_observer, observer_conformance, make_null);
static_assert(std::is_empty_v<null_observer>);

struct fork_counter : ignore_all_but_forks {
  using ignore_all_but_forks::on;
  void on(const event::forked& event) noexcept { pages += event.pages; }
  std::size_t pages = 0;
};
static_assert(observer<fork_counter>);

TEST(notify, reaches_the_handler_of_the_event_and_no_other) {
  fork_counter counter;
  notify(counter, event::failed{errc::out_of_pages});
  notify(counter, event::page_fault{page_id{1}});
  EXPECT_EQ(counter.pages, 0U);
  notify(counter, event::forked{3});
  EXPECT_EQ(counter.pages, 3U);
}

}  // namespace
}  // namespace kvfolio::test
