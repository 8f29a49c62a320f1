// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/bitmap.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/page_groups.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/key_scope.hpp>

namespace kvfolio {

/// The weights of an adapter that made some pages.
struct adapter_version {
  std::uint64_t adapter = 0;  ///< as in `key_scope`
  std::uint64_t version = 0;  ///< as in `key_scope`
};

/// A `prefix_index` that knows whose its pages are, and can hide some. With `owner` a session, or
/// an `adapter_version`:
///
/// | expression              | meaning                                             | requires  |
/// |-------------------------|-----------------------------------------------------|-----------|
/// | `use(page, scope,       | a sequence of that scope and session has indexed    | indexed   |
/// | session)`               | `page`, or what it would have is there              |           |
/// | `last_of(owner)`        | the owner's page that was indexed last, which is no |           |
/// |                         | parent of any other but hidden ones; none if he has |           |
/// |                         | none                                                |           |
/// | `hide(page)`            | `page` stays indexed, with its parent, but nobody   | indexed,  |
/// |                         | finds it, nor is it anybody's                       | and its   |
/// |                         |                                                     | children  |
/// |                         |                                                     | hidden    |
/// | `is_hidden(page)`       | is it?                                              |           |
// clang-format off
template <class I>
concept revocable_prefix_index =
    prefix_index<I> && std::same_as<I, typename I::revocable_type> &&
    requires(I& index, const I& unchanging, page_id page, const key_scope& scope,
             session_id session, const adapter_version& version) {
      { index.use(page, scope, session) } noexcept -> std::same_as<void>;
      { unchanging.last_of(session) }     noexcept -> std::same_as<std::optional<page_id>>;
      { unchanging.last_of(version) }     noexcept -> std::same_as<std::optional<page_id>>;
      { index.hide(page) }                noexcept -> std::same_as<void>;
      { unchanging.is_hidden(page) }      noexcept -> std::same_as<bool>;
    };
// clang-format on

}  // namespace kvfolio

namespace kvfolio::prefix {

/// `Index`, whose pages can be revoked: those of a session, or those of a version of an adapter.
///
/// A page is a session's own from when that indexed it until another one indexes the same, or
/// something after it; then it is nobody's. So what comes after a session's own page is its own
/// too, and to revoke it takes nothing from others. Pages of one adapter have a root of their own.
///
/// What cannot leave at once, as it is in use, is hidden: it stays where it is for those who use
/// it, and so does what they index after it, hidden from the beginning; then it is evicted like any
/// other. Meanwhile equal pages are indexed anew.
///
/// Finding is `Index`'s, and as fast. `use` is O(1) amortised, the others O(1) expected and what
/// `Index` takes. Must not be inside of another index: `revocable<partial_match<>>`. Costs, beyond
/// `Index`, 104 to 120 bytes per page, allocated once. One owner thread.
template <prefix_index Index>
class revocable : public Index {
 public:
  using revocable_type = revocable;  ///< and nothing that is derived from it

  /// Makes an index of nothing. \throws std::bad_alloc
  revocable(std::size_t pages, std::uint32_t tokens_per_page, std::uint64_t seed)
      : Index{pages, tokens_per_page, seed},
        sessions_{pages},
        versions_{pages},
        hidden_{pages},
        hidden_parent_(pages) {}

  /// The page after `at` that holds what `page` does; `page`, if there was none that is not hidden.
  prefix_cursor extend(const prefix_realm& realm, const prefix_cursor& at, page_id page) noexcept {
    if (!is_hidden(page)) {
      if (!at.page || !is_hidden(*at.page)) return Index::extend(realm, at, page);
      place(page, at.page);
    }
    return {.page = page, .pages = at.pages + 1};
  }

  /// Forgets `page`. Precondition: `contains(page)`, and it has no child.
  void erase(page_id page) noexcept {
    disown(page);
    if (!is_hidden(page)) return Index::erase(page);
    hidden_.erase(to_index(page));
    --hidden_pages_;
  }

  /// Is `page` indexed, hidden or not?
  [[nodiscard]] bool contains(page_id page) const noexcept {
    return is_hidden(page) || Index::contains(page);
  }

  /// The page before `page`. Precondition: `contains(page)`.
  [[nodiscard]] std::optional<page_id> parent(page_id page) const noexcept {
    return is_hidden(page) ? hidden_parent_[to_index(page)] : Index::parent(page);
  }

  /// Number of indexed pages, hidden ones included.
  [[nodiscard]] std::size_t size() const noexcept { return Index::size() + hidden_pages_; }

  /// A sequence of that `scope` and `session` has indexed `page`, or what it would have is there.
  /// Precondition: `contains(page)`.
  void use(page_id page, const key_scope& scope, session_id session) noexcept {
    if (is_hidden(page)) return;
    auto used = std::optional{page};
    if (!versions_.contains(page)) {
      versions_.join(page, key_of({scope.adapter, scope.adapter_version}));
      if (session != session_id{}) sessions_.join(page, key_of(session));
      used = Index::parent(page);
    }
    for (; used && sessions_.contains(*used); used = Index::parent(*used)) {
      if (sessions_.contains(*used, key_of(session))) return;
      sessions_.leave(*used);
    }
  }

  /// The page of the session's own that was indexed last; `nullopt` if it has none.
  [[nodiscard]] std::optional<page_id> last_of(session_id session) const noexcept {
    return sessions_.last(key_of(session));
  }
  /// The page of that version of an adapter that was indexed last; `nullopt` if it has none.
  [[nodiscard]] std::optional<page_id> last_of(const adapter_version& version) const noexcept {
    return versions_.last(key_of(version));
  }

  /// `page` stays, but nobody finds it. Precondition: `contains(page)`, and its children are
  /// hidden.
  void hide(page_id page) noexcept {
    const auto before = Index::parent(page);
    disown(page);
    Index::erase(page);
    place(page, before);
  }
  /// Is `page` hidden?
  [[nodiscard]] bool is_hidden(page_id page) const noexcept {
    return hidden_.contains(to_index(page));
  }

 private:
  [[nodiscard]] static content_key key_of(session_id session) noexcept {
    return content_key{static_cast<std::uint64_t>(session)};
  }
  [[nodiscard]] static content_key key_of(const adapter_version& version) noexcept {
    return content_key{mix_bits(mix_bits(version.adapter) + version.version)};
  }

  // `page`, which is not in `Index`, is hidden after `before`.
  void place(page_id page, std::optional<page_id> before) noexcept {
    hidden_.insert(to_index(page));
    hidden_parent_[to_index(page)] = before;
    ++hidden_pages_;
  }

  void disown(page_id page) noexcept {
    if (versions_.contains(page)) versions_.leave(page);
    if (sessions_.contains(page)) sessions_.leave(page);
  }

  page_groups sessions_;
  page_groups versions_;  // of every page that was used and is not hidden
  bitmap hidden_;
  std::vector<std::optional<page_id>> hidden_parent_;  // by page, where it is hidden
  std::size_t hidden_pages_ = 0;
};

}  // namespace kvfolio::prefix
