// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <kvfolio/observe/counting_observer.hpp>
#include <kvfolio/observe/fan_out.hpp>

#include "../conformance/observer_conformance.hpp"
#include "../support/fork_events.hpp"

namespace kvfolio::test {
namespace {

struct make_fan_out {
  static auto make() { return fan_out<counting_observer, null_observer, fan_out<>>{16}; }
};
INSTANTIATE_TYPED_TEST_SUITE_P(fan_out, observer_conformance, make_fan_out);

// A mock cannot be moved and an observer must be: the observer is a handle.
struct fork_log {
  MOCK_METHOD(void, forked, (int, std::size_t), (noexcept));
};
struct logging_observer : ignore_all_but_forks {
  logging_observer(fork_log& to, int as) : log{&to}, name{as} {}
  using ignore_all_but_forks::on;
  void on(const event::forked& event) noexcept { log->forked(name, event.pages); }
  fork_log* log;
  int name;
};

TEST(fan_out, tells_each_observer_in_order) {
  testing::StrictMock<fork_log> log;
  fan_out<logging_observer, logging_observer> both{logging_observer{log, 1},
                                                   logging_observer{log, 2}};
  const testing::InSequence in_order;
  EXPECT_CALL(log, forked(1, 5));
  EXPECT_CALL(log, forked(2, 5));
  notify(both, event::forked{5});
  notify(both, event::failed{errc::out_of_pages});
}

TEST(fan_out, shows_its_observers) {
  fan_out<null_observer, counting_observer> both{null_observer{}, counting_observer{4}};
  notify(both, event::page_fault{page_id{1}});
  EXPECT_EQ(both.get<1>().counts().page_faults, 1U);
}

}  // namespace
}  // namespace kvfolio::test
