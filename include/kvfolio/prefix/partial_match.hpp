// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/keyed_hash.hpp>
#include <kvfolio/prefix/radix.hpp>
#include <kvfolio/prefix/sibling_tries.hpp>

namespace kvfolio::prefix {

/// What becomes of a page that a prompt needs the beginning of, and that nobody else needs.
enum class unused_leaf : std::uint8_t {
  taken,  ///< it is cut and written on: no page and no copy, but the rest of it is gone
  copied  ///< it stays, and its beginning is copied, as that of any other page
};

/// `Index`, which finds the beginnings of pages too: reuse to the token instead of to the page.
///
/// A prompt that ends a match inside a page begins with a copy of the tokens that it has in common
/// with the page that shares the most of them (TensorRT-LLM's partial reuse, 2025, finds it by
/// trying all siblings). The search compares one page, whatever the number of siblings; `extend`
/// and `erase` walk the branches of one set. Pages that media overlap are found whole or not at
/// all. Costs, beyond `Index`, 16 bytes per page and 32 that are touched for first pages only.
template <prefix_index Index = radix, unused_leaf Unused = unused_leaf::taken>
class partial_match : public Index {
 public:
  /// May a page that nobody needs be cut?
  static constexpr bool takes_unused = Unused == unused_leaf::taken;

  /// Makes an index of nothing. \throws std::bad_alloc
  partial_match(std::size_t pages, std::uint32_t tokens_per_page, std::uint64_t seed)
      : Index{pages, tokens_per_page, seed},
        siblings_{pages},
        realms_{pages},
        tokens_per_page_{tokens_per_page} {}

  /// The indexed page after `at` that begins with the most of `tokens`, at most a page's, and with
  /// how many. O(branches, and a page's tokens).
  [[nodiscard]] partial_hit closest(const prefix_realm& realm, const prefix_cursor& at,
                                    std::span<const token_id> tokens) const noexcept {
    if (tokens.empty() || has_media(realm, at.pages)) return {};
    const auto words = realm.words();
    const auto skipped = at.page ? 0 : realm_size;
    const auto wanted = [&](std::size_t word) noexcept {
      return word < skipped ? half(words, word)
                            : static_cast<std::uint32_t>(tokens[word - skipped]);
    };
    const auto page = siblings_.closest(at.page, wanted, skipped + tokens.size());
    if (!page || (!at.page && realms_[to_index(*page)] != words)) return {};
    const auto held = Index::tokens(*page);
    const auto most = std::min(tokens.size(), held.size());
    std::uint32_t same = 0;
    while (same < most && held[same] == tokens[same]) ++same;
    if (same == 0) return {};
    return {.page = page, .tokens = same};
  }

  /// The indexed page after `at` that holds what `page` does; `page`, if there was none.
  prefix_cursor extend(const prefix_realm& realm, const prefix_cursor& at, page_id page) noexcept {
    const bool was_there = Index::contains(page);
    const auto found = Index::extend(realm, at, page);
    if (was_there || found.page != page) return found;
    if (!at.page) realms_[to_index(page)] = realm.words();
    if (!has_media(realm, at.pages)) siblings_.insert(at.page, page, keys(at.page));
    return found;
  }

  /// Forgets `page`. Precondition: `contains(page)`, and it has no child.
  void erase(page_id page) noexcept {
    const auto parent = Index::parent(page);
    siblings_.erase(parent, page, keys(parent));
    Index::erase(page);
  }

 private:
  static constexpr std::size_t realm_size = 2 * std::tuple_size_v<realm_words>;

  // The key of a page is its tokens; of a first page, its realm and its tokens.
  struct key_words {
    const partial_match& self;
    std::size_t skipped;
    [[nodiscard]] std::size_t words() const noexcept { return skipped + self.tokens_per_page_; }
    [[nodiscard]] std::uint32_t word(page_id page, std::size_t index) const noexcept {
      if (index < skipped) return half(self.realms_[to_index(page)], index);
      return static_cast<std::uint32_t>(self.Index::tokens(page)[index - skipped]);
    }
  };

  [[nodiscard]] key_words keys(std::optional<page_id> parent) const noexcept {
    return {*this, parent ? 0 : realm_size};
  }
  [[nodiscard]] static std::uint32_t half(const realm_words& words, std::size_t index) noexcept {
    return static_cast<std::uint32_t>(words[index / 2] >> (index % 2 == 0 ? 32U : 0U));
  }
  [[nodiscard]] bool has_media(const prefix_realm& realm, std::size_t index) const noexcept {
    const auto first = index * tokens_per_page_;
    return std::ranges::any_of(realm.media, [&](const media_span& span) {
      return span.overlaps(first, tokens_per_page_);
    });
  }

  sibling_tries siblings_;
  raw_array<realm_words> realms_;  // of first pages
  std::uint32_t tokens_per_page_;
};

static_assert(partial_prefix_index<partial_match<>>);

}  // namespace kvfolio::prefix
