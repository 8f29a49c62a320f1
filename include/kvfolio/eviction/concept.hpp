// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>

#include <kvfolio/core/page_set.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/eviction/page_access.hpp>

namespace kvfolio {

/// Orders the resident pages of a pool and chooses which one leaves.
///
/// With `policy` made for `pages` pages, `page` in `[0, pages)`, `access` a `page_access` and
/// `eligible` a `page_set` of at least `pages` bits:
///
/// | expression                | meaning                                            | requires  |
/// |---------------------------|----------------------------------------------------|-----------|
/// | `P(pages)`                | tracks nothing; the only operation that may throw  |           |
/// | `miss(access)`            | the key is wanted and not resident                 |           |
/// | `evict(access, eligible)` | removes and returns a tracked, eligible page;      |           |
/// |                           | `nullopt` iff there is none                        |           |
/// | `insert(page, access)`    | `page` now holds the key                           | untracked |
/// | `touch(page, access)`     | the key was wanted and `page` holds it             | tracked   |
/// | `erase(page)`             | `page` was freed, by no decision of the policy     | tracked   |
/// | `size()`                  | number of tracked pages                            |           |
///
/// Every missing page is announced by one `miss`, then makes room with as many calls of `evict` as
/// it needs, then arrives by `insert`, all three with the same access.
///
/// **Why `miss` and `evict` are told who is coming.** Ghost lists, ARC's target and TinyLFU's
/// counts depend on the incoming key, and must have seen it before the victim is chosen: a policy
/// that learns of the key at `insert` decides one request late, every time.
///
/// **Why `evict` both chooses and removes.** CLOCK clears bits and SIEVE moves its hand while they
/// search; a separate `choose` would have to be undone when its answer is not taken.
///
/// **Why ineligible pages are tracked.** A page is ineligible while it is pinned or while an
/// indexed page names it as its parent. That passes, and must leave no trace: the page keeps its
/// place, its bits and its age, so that "oldest" always means oldest among the eligible. `touch`
/// reaches it too.
// clang-format off
template <class P>
concept eviction_policy =
    std::movable<P> && std::constructible_from<P, std::size_t> &&
    requires(P& policy, const P& unchanging, page_id page, const page_access& access,
             page_set eligible) {
      { policy.miss(access) }            noexcept -> std::same_as<void>;
      { policy.evict(access, eligible) } noexcept -> std::same_as<std::optional<page_id>>;
      { policy.insert(page, access) }    noexcept -> std::same_as<void>;
      { policy.touch(page, access) }     noexcept -> std::same_as<void>;
      { policy.erase(page) }             noexcept -> std::same_as<void>;
      { unchanging.size() }              noexcept -> std::same_as<std::size_t>;
    };

/// An `eviction_policy` that wants to hear of eligibility as it changes, so that `evict` need not
/// look for it: what makes a victim O(1) however many pages are pinned.
///
/// | expression      | meaning                                             | requires             |
/// |-----------------|-----------------------------------------------------|----------------------|
/// | `suspend(page)` | `page` left the set of eligible pages               | tracked, unsuspended |
/// | `resume(page)`  | `page` is eligible again, and where it would be if  | tracked, suspended   |
/// |                 | it had never been suspended                         |                      |
///
/// A page is not suspended when `insert` returns. Whoever calls `suspend` and `resume` does so for
/// every change, so that at each `evict` the suspended pages are exactly the tracked pages that are
/// not in `eligible`; the policy may rely on either.
template <class P>
concept eligibility_aware =
    eviction_policy<P> &&
    requires(P& policy, page_id page) {
      { policy.suspend(page) } noexcept -> std::same_as<void>;
      { policy.resume(page) }  noexcept -> std::same_as<void>;
    };

/// An `eligibility_aware` policy that can be fed the deepest page of each request alone.
///
/// | expression            | meaning                                               | requires  |
/// |-----------------------|-------------------------------------------------------|-----------|
/// | `tracks(page)`        | is `page` tracked?                                    |           |
/// | `insert_oldest(page)` | `page` has become eligible, as its last child was     | untracked |
/// |                       | evicted, and is as old as that child was: the oldest  |           |
///
/// Whoever relies on it inserts and touches only the deepest page of each request. When the last
/// child of a page is evicted, a page that is tracked is resumed, and one that is not joins by
/// `insert_oldest`.
///
/// **Why that is enough.** A request uses all of its pages, deepest first, and a page with children
/// cannot leave. So when the last child of a page goes, as the oldest of the eligible, the page was
/// last used just after that child: nothing eligible is older, and where it stands among the pages
/// that are not has never mattered. The victims are those of a policy that heard of every page; it
/// costs one touch a request where that takes one a page. It holds for policies that order pages by
/// last use alone: what counts uses, or remembers keys, has to hear of each.
template <class P>
concept frontier_aware =
    eligibility_aware<P> &&
    requires(P& policy, const P& unchanging, page_id page) {
      { policy.insert_oldest(page) } noexcept -> std::same_as<void>;
      { unchanging.tracks(page) }    noexcept -> std::same_as<bool>;
    };
// clang-format on

}  // namespace kvfolio
