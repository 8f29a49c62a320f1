// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include <kvfolio/observe/make_observer.hpp>
#include <kvfolio/observe/notify.hpp>

namespace kvfolio {

/// Sends every event to each of several observers, in order. Costs what they cost.
template <observer... Observers>
class fan_out {
 public:
  /// Makes the observers for pages `[0, pages)`. \throws what their constructors throw
  explicit fan_out([[maybe_unused]] std::size_t pages) requires(self_made_observer<Observers>&&...)
      : observers_{make_observer<Observers>(pages)...} {}

  /// Takes the observers over.
  explicit fan_out(Observers... observers) requires(sizeof...(Observers) > 0)
      : observers_{std::move(observers)...} {}

  /// Hands `event` on.
  template <class E>
  void on(const E& event) noexcept requires(handles<Observers, E>&&...) {
    std::apply([&](auto&... each) { (notify(each, event), ...); }, observers_);
  }

  /// The observer at place `Index`.
  template <std::size_t Index>
  [[nodiscard]] const auto& get() const noexcept {
    return std::get<Index>(observers_);
  }

 private:
  std::tuple<Observers...> observers_;
};

static_assert(observer<fan_out<null_observer, null_observer>>);

}  // namespace kvfolio
