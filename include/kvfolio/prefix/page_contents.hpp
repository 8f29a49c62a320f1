// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/token_slab.hpp>

namespace kvfolio::prefix {

/// What the media of a page add to its identity; zero where there are none.
using media_key = std::array<std::uint64_t, 2>;

/// What pages hold, by page id: their tokens, their media, and the realm of those that come first
/// in a prefix. Costs 4 bytes per token and 1 per page; the rest is touched only where there is
/// some.
class page_contents {
 public:
  /// For `pages` pages of `per_page` tokens. \throws std::bad_alloc
  page_contents(std::size_t pages, std::uint32_t per_page)
      : tokens_{pages, per_page}, has_media_(pages), media_{pages}, realms_{pages} {}

  /// The tokens of all pages.
  [[nodiscard]] const token_slab& tokens() const noexcept { return tokens_; }
  /// \overload
  [[nodiscard]] token_slab& tokens() noexcept { return tokens_; }

  /// Has there ever been a page that has media?
  [[nodiscard]] bool any_media() const noexcept { return any_media_; }

  /// Remembers the media of `page`.
  void describe(page_id page, const media_key& media) noexcept {
    if (media == media_key{}) return describe(page);
    any_media_ = true;
    has_media_[to_index(page)] = 1;
    media_[to_index(page)] = media;
  }
  /// Remembers that `page` has no media.
  void describe(page_id page) noexcept {
    if (any_media_) has_media_[to_index(page)] = 0;  // else it is
  }

  /// Remembers the realm of `page`, the first of a prefix.
  void place(page_id page, const realm_words& realm) noexcept { realms_[to_index(page)] = realm; }

  /// The realm of the first page of a prefix.
  [[nodiscard]] const realm_words& realm(page_id page) const noexcept {
    return realms_[to_index(page)];
  }

  /// Does `page` have these media?
  [[nodiscard]] bool shows(page_id page, const media_key& media) const noexcept {
    const bool some = media != media_key{};
    if (!any_media_ && !some) return true;  // one array less is looked at
    if ((has_media_[to_index(page)] != 0) != some) return false;
    return !some || media_[to_index(page)] == media;
  }

  /// Does `page` hold these tokens, and these media?
  [[nodiscard]] bool holds(page_id page, const token_id* tokens,
                           const media_key& media) const noexcept {
    return shows(page, media) && tokens_.holds(page, tokens);
  }

 private:
  token_slab tokens_;
  std::vector<std::uint8_t> has_media_;
  raw_array<media_key> media_;
  raw_array<realm_words> realms_;
  bool any_media_ = false;  // has there ever been a page that has some?
};

}  // namespace kvfolio::prefix
