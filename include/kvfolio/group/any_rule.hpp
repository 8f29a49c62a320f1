// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <kvfolio/group/chunked_local.hpp>
#include <kvfolio/group/concept.hpp>
#include <kvfolio/group/full.hpp>
#include <kvfolio/group/sliding_window.hpp>
#include <kvfolio/group/state.hpp>

namespace kvfolio::group {

/// One of the rules of this family, chosen when the program runs: which groups a model has is in
/// its configuration. (What `std::variant` would be, for a tenth of its compile time.) 24 bytes.
class any_rule {
  // In front, because the members below use its deduced result.
  template <class Question>
  [[nodiscard]] constexpr auto ask(Question question) const noexcept {
    switch (kind_) {
      case kind::window: return question(window_);
      case kind::chunked: return question(chunked_);
      case kind::state: return question(state_);
      case kind::full: break;
    }
    return question(full_);
  }

 public:
  /// Full attention.
  constexpr any_rule() noexcept : kind_{kind::full}, full_{} {}
  // `{.rule = kv::group::sliding_window{1024}}` is the point of the type.
  // NOLINTBEGIN(google-explicit-constructor)
  /// The given rule.
  constexpr any_rule(full rule) noexcept : kind_{kind::full}, full_{rule} {}
  /// \overload
  constexpr any_rule(sliding_window rule) noexcept : kind_{kind::window}, window_{rule} {}
  /// \overload
  constexpr any_rule(chunked_local rule) noexcept : kind_{kind::chunked}, chunked_{rule} {}
  /// \overload
  constexpr any_rule(group::state rule) noexcept : kind_{kind::state}, state_{rule} {}
  // NOLINTEND(google-explicit-constructor)

  /// That of the rule.
  [[nodiscard]] constexpr std::size_t first_needed(std::size_t complete) const noexcept {
    return ask([complete](const auto& rule) { return rule.first_needed(complete); });
  }
  /// \overload
  [[nodiscard]] constexpr std::size_t sinks() const noexcept {
    return ask([](const auto& rule) { return rule.sinks(); });
  }
  /// \overload
  [[nodiscard]] constexpr std::size_t reach() const noexcept {
    return ask([](const auto& rule) { return rule.reach(); });
  }
  /// \overload
  [[nodiscard]] constexpr std::uint32_t interval() const noexcept {
    return ask([](const auto& rule) { return rule.interval(); });
  }

 private:
  enum class kind : std::uint8_t { full, window, chunked, state };

  kind kind_;
  union {  // the one that `kind_` names
    full full_;
    sliding_window window_;
    chunked_local chunked_;
    group::state state_;
  };
};

static_assert(group_rule<any_rule>);

}  // namespace kvfolio::group
