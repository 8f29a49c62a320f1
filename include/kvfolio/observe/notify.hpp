// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include <kvfolio/core/copy_op.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/concept.hpp>

namespace kvfolio {

/// What an observer hears of. Each event is sent after the fact.
namespace event {

/// Token positions had no storage, and got this page: a page fault, in the words of StarAI.
struct page_fault {
  page_id page;  ///< the new last page of a sequence
};

/// A sequence had to write where something else reads, and got a page of its own for it.
struct page_copied {
  copy_op copy;  ///< what is copied; it may still be on its way
  bool shared;   ///< it left the old page to another sequence; else a copy in flight still reads
                 ///< that, or its prompt begins like what is cached there
};

/// Nobody needs this page any more.
struct page_freed {
  page_id page;  ///< free now, or as soon as the copies that use it have landed
};

/// A sequence was forked.
struct forked {
  std::size_t pages;  ///< that parent and child share, none of which was copied
};

/// A page is full, and can be found from now on.
struct page_indexed {
  page_id page;                         ///< where it is
  std::optional<page_id> parent;        ///< the indexed page before it; none at the root
  std::span<const token_id> tokens;     ///< that it holds; valid during the call
  realm_words realm;                    ///< scope and epoch in which it can be found
  std::span<const media_span> media{};  ///< of the request that indexed it; valid during the call
};

/// A page cannot be found any more, because the only sequence that has it writes to it again.
struct page_withdrawn {
  page_id page;  ///< where it still is
};

/// A cached page left to make room.
struct page_evicted {
  page_id page;  ///< where it was
};

/// A request found a page of its prompt.
struct page_hit {
  page_id page;       ///< where it is
  std::size_t depth;  ///< pages before it in the prompt
};

/// A request was matched with what is indexed.
struct prompt_matched {
  std::size_t hit_tokens;            ///< that need not be computed again
  std::span<const token_id> prompt;  ///< all of it; valid during the call
  realm_words realm;                 ///< scope and epoch in which it was looked for
};

/// Everything that was indexed so far matches no more.
struct invalidated {
  std::uint64_t epoch;  ///< that begins now
};

/// A call failed, and changed nothing.
struct failed {
  errc error;  ///< what the caller was told
};

}  // namespace event

/// `observer.on(event)` handles events of type `E`.
// clang-format off
template <class O, class E>
concept handles = requires(O& observer, const E& event) {
  { observer.on(event) } noexcept -> std::same_as<void>;
};

/// Receives every event, each by a handler `void on(const event::...&) noexcept`.
///
/// To pass over the others, inherit `ignore_all_but<event::forked>` and say `using
/// ignore_all_but::on;`, or name them: `ignore<event::failed>`. An event whose handler is misspelt is
/// then neither handled nor ignored, and does not compile.
template <class O>
concept observer = std::movable<O> &&
    handles<O, event::page_fault> && handles<O, event::page_copied> &&
    handles<O, event::page_freed> && handles<O, event::forked> && handles<O, event::failed> &&
    handles<O, event::page_indexed> && handles<O, event::page_withdrawn> &&
    handles<O, event::page_evicted> && handles<O, event::page_hit> &&
    handles<O, event::prompt_matched> && handles<O, event::invalidated>;
// clang-format on

namespace detail {
template <class Event>
struct ignore_one {
  void on(const Event& /*event*/) const noexcept {}
};
}  // namespace detail

/// Does nothing on each of `Events`; the base of observers that want only the others.
template <class... Events>
struct ignore : detail::ignore_one<Events>... {
  using detail::ignore_one<Events>::on...;
};

namespace detail {
template <class...>
struct event_list {};
using all_events =
    event_list<event::page_fault, event::page_copied, event::page_freed, event::forked,
               event::page_indexed, event::page_withdrawn, event::page_evicted, event::page_hit,
               event::prompt_matched, event::invalidated, event::failed>;

// Ignores those of a list of events that are not among `Handled`.
template <class Ignored, class Events, class... Handled>
struct rest_ignored;
template <class Ignored, class... Handled>
struct rest_ignored<Ignored, event_list<>, Handled...> {
  using type = Ignored;
};
template <class... Ignored, class Event, class... Events, class... Handled>
struct rest_ignored<ignore<Ignored...>, event_list<Event, Events...>, Handled...>
    : rest_ignored<std::conditional_t<(std::same_as<Event, Handled> || ...), ignore<Ignored...>,
                                      ignore<Ignored..., Event>>,
                   event_list<Events...>, Handled...> {};
}  // namespace detail

/// Does nothing on any event but `Handled`; the base of observers that want these alone.
template <class... Handled>
struct ignore_all_but : detail::rest_ignored<ignore<>, detail::all_events, Handled...>::type {
  using detail::rest_ignored<ignore<>, detail::all_events, Handled...>::type::on;
};

/// Does nothing on every event, and takes no space as a `[[no_unique_address]]` member.
struct null_observer : ignore_all_but<> {};

/// Sends `event` to `observer`: the one place where events leave the library.
template <class E, handles<E> O>
constexpr void notify(O& observer, const E& event) noexcept {
  observer.on(event);
}

static_assert(observer<null_observer>);

}  // namespace kvfolio
