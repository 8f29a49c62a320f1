// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <kvfolio/observe/notify.hpp>

namespace kvfolio::test {

/// What every `observer` promises: that it can be told everything, in any order, and moved.
/// `Make::make()` is one for 16 pages.
template <class Make>
class observer_conformance : public testing::Test {};

TYPED_TEST_SUITE_P(observer_conformance);

TYPED_TEST_P(observer_conformance, hears_every_event_and_survives_a_move) {
  auto first = TypeParam::make();
  static_assert(observer<decltype(first)>);
  const auto tell = [](auto& hearer) {
    notify(hearer, event::page_fault{page_id{15}});
    notify(hearer, event::page_copied{{page_id{15}, page_id{0}, 0, 3}, true});
    notify(hearer, event::page_freed{page_id{15}});
    notify(hearer, event::forked{0});
    notify(hearer, event::failed{errc::too_large});
    notify(hearer, event::page_indexed{page_id{0}, std::nullopt, {}, {}});
    notify(hearer, event::page_indexed{page_id{15}, page_id{0}, {}, {1, 2, 3, 4}});
    notify(hearer, event::page_hit{page_id{0}, 0});
    notify(hearer, event::prompt_matched{16, {}, {}});
    notify(hearer, event::page_withdrawn{page_id{15}});
    notify(hearer, event::page_evicted{page_id{0}});
    notify(hearer, event::invalidated{1});
  };
  tell(first);
  auto second = std::move(first);
  tell(second);
  first = std::move(second);
  tell(first);
}

TYPED_TEST_P(observer_conformance, is_told_without_exceptions) {
  using type = std::remove_cvref_t<decltype(TypeParam::make())>;
  static_assert(noexcept(notify(std::declval<type&>(), event::failed{errc::too_large})));
  static_assert(noexcept(notify(std::declval<type&>(), event::forked{3})));
}

REGISTER_TYPED_TEST_SUITE_P(observer_conformance, hears_every_event_and_survives_a_move,
                            is_told_without_exceptions);

}  // namespace kvfolio::test
