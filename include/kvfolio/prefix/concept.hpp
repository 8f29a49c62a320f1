// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/key_scope.hpp>

namespace kvfolio {

/// A realm, in words that can be compared and stored.
using realm_words = std::array<std::uint64_t, 4>;

/// Whose pages a prefix walks over: a scope, and the epoch in which it is valid.
struct prefix_realm {
  key_scope scope{};                    ///< of the request
  std::uint64_t epoch = 0;              ///< invalidations of the cache when the request came
  std::span<const media_span> media{};  ///< of the request; owned by the caller

  /// Leading tokens whose content is known: those before the first medium without a digest.
  [[nodiscard]] constexpr std::size_t identified() const noexcept {
    auto end = SIZE_MAX;
    for (const auto& span : media) {
      if (span.digest == media_span{}.digest && span.first_token < end) end = span.first_token;
    }
    return end;
  }

  /// All that the first page of a prefix must have in common with the realm.
  [[nodiscard]] constexpr realm_words words() const noexcept {
    return {scope.salt, scope.adapter, scope.adapter_version, epoch};
  }
};

/// Where a walk through the index stands; as made, at the root.
struct prefix_cursor {
  std::optional<page_id> page;  ///< the last page; none at the root
  std::size_t pages = 0;        ///< in the prefix up to here
};

/// A page of which a prompt has the beginning.
struct partial_hit {
  std::optional<page_id> page;  ///< none if no page begins with what was wanted
  std::uint32_t tokens = 0;     ///< that both have in common, from the first one on
};

/// Finds full pages by what they hold: their tokens, everything before them, and their scope.
///
/// The indexed pages are a forest: each but the first of a prefix has a parent, which is indexed
/// too. With `page` a page id, `realm` a `prefix_realm`, `at` a cursor in it, `tokens` those of a
/// prompt:
///
/// | expression                 | meaning                                          | requires       |
/// |----------------------------|--------------------------------------------------|----------------|
/// | `I(pages, per_page, seed)` | empty; the only operation that may throw or      |                |
/// |                            | allocate; equal seeds give equal keys            |                |
/// | `note(page, offset,        | `page` holds these tokens from `offset` on; it   | not indexed    |
/// | tokens)`                   | will be indexed when it is full                  |                |
/// | `copy_note(from, to, n)`   | `to` holds the first `n` tokens that `from` does | `to`: as above |
/// | `match(realm, tokens,      | walks down from the root as long as whole pages  |                |
/// | out)`                      | of `tokens` are indexed, writes them to `out`,   |                |
/// |                            | at most as many as fit; returns where it stopped |                |
/// | `extend(realm, at, page)`  | the indexed page after `at` that holds what      | `page` is full |
/// |                            | `page` does; if there is none, indexes `page`    |                |
/// | `erase(page)`              | forgets `page`                                   | indexed, and   |
/// |                            |                                                  | nobody's parent|
/// | `contains(page)`           | is it indexed?                                   |                |
/// | `parent(page)`             | the page before it; none at the root             | indexed        |
/// | `tokens(page)`             | its tokens, as far as they were noted; none if   | noted          |
/// |                            | they are not kept                                |                |
/// | `size()`                   | number of indexed pages                          |                |
///
/// `match` is const: reading leaves no trace. `noexcept` all, except construction.
// clang-format off
template <class I>
concept prefix_index =
    std::movable<I> && std::constructible_from<I, std::size_t, std::uint32_t, std::uint64_t> &&
    requires(I& index, const I& unchanging, page_id page, std::uint32_t offset,
             std::span<const token_id> tokens, std::span<page_id> out, const prefix_realm& realm,
             const prefix_cursor& at) {
      { index.note(page, offset, tokens) }     noexcept -> std::same_as<void>;
      { index.copy_note(page, page, offset) }  noexcept -> std::same_as<void>;
      { unchanging.match(realm, tokens, out) } noexcept -> std::same_as<prefix_cursor>;
      { index.extend(realm, at, page) }        noexcept -> std::same_as<prefix_cursor>;
      { index.erase(page) }                    noexcept -> std::same_as<void>;
      { unchanging.contains(page) }            noexcept -> std::same_as<bool>;
      { unchanging.parent(page) }              noexcept -> std::same_as<std::optional<page_id>>;
      { unchanging.tokens(page) }              noexcept -> std::same_as<std::span<const token_id>>;
      { unchanging.size() }                    noexcept -> std::same_as<std::size_t>;
      requires std::same_as<decltype(I::enabled), const bool>;
    };

/// A `prefix_index` that finds the beginnings of pages, too.
///
/// | expression                   | meaning                                                       |
/// |------------------------------|---------------------------------------------------------------|
/// | `closest(realm, at, tokens)` | the indexed page after `at` that begins with the most of      |
/// |                              | `tokens`, which are no more than a page's, and with how many  |
/// | `I::takes_unused`            | may such a page be cut, if nobody else needs it?              |
template <class I>
concept partial_prefix_index =
    prefix_index<I> &&
    requires(const I& unchanging, const prefix_realm& realm, const prefix_cursor& at,
             std::span<const token_id> tokens) {
      { unchanging.closest(realm, at, tokens) } noexcept -> std::same_as<partial_hit>;
      requires std::same_as<decltype(I::takes_unused), const bool>;
    };
// clang-format on

}  // namespace kvfolio
