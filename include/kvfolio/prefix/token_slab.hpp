// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/raw_array.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio::prefix {

/// The tokens that pages hold, found by page id: what makes a hit certain. Costs 4 bytes per token
/// slot, of which the operating system provides only what is written.
class token_slab {
 public:
  /// For `pages` pages of `per_page` tokens. \throws std::bad_alloc
  token_slab(std::size_t pages, std::uint32_t per_page)
      : tokens_{pages * per_page}, per_page_{per_page} {}

  /// Tokens of a page.
  [[nodiscard]] std::uint32_t per_page() const noexcept { return per_page_; }

  /// All tokens of `page`. Those never written are indeterminate.
  [[nodiscard]] std::span<const token_id> operator[](page_id page) const noexcept {
    return {at(page, per_page_), per_page_};
  }

  /// Writes `tokens` to `page` from `offset` on. Precondition: they fit.
  void write(page_id page, std::uint32_t offset, std::span<const token_id> tokens) noexcept {
    KVFOLIO_EXPECTS(offset + tokens.size() <= per_page_);
    auto* const to = tokens_.data() + to_index(page) * per_page_ + offset;
    // A decode step and a usual page, for which a call would take longer than the rest.
    if (tokens.size() == 1) {
      *to = tokens.front();
    } else if (tokens.size() == usual) {
      std::memcpy(to, tokens.data(), usual * sizeof(token_id));
    } else if (!tokens.empty()) {
      std::memcpy(to, tokens.data(), tokens.size_bytes());
    }
  }

  /// Does `page` hold `tokens`? Precondition: they are a whole page's.
  [[nodiscard]] bool holds(page_id page, const token_id* tokens) const noexcept {
    return common({&page, 1}, tokens, {}) == 1;
  }

  /// How many of `pages`, from the first on, hold `tokens`, one after the other? Meanwhile asks for
  /// the tokens of `soon` to be near. Precondition: there are `pages.size()` pages of tokens.
  [[nodiscard]] std::size_t common(std::span<const page_id> pages, const token_id* tokens,
                                   std::span<const page_id> soon) const noexcept {
    const auto compare = [&](std::size_t per_page) {
      std::size_t same = 0;
      for (; same < pages.size(); ++same, tokens += per_page) {
        if (same < soon.size()) __builtin_prefetch(at(soon[same], per_page));
        const auto* const held = at(pages[same], per_page);
        if (std::memcmp(held, tokens, per_page * sizeof(token_id)) != 0) break;
      }
      return same;
    };
    return per_page_ == usual ? compare(usual) : compare(per_page_);
  }

  /// Asks for the tokens of `page` to be near when they are needed.
  void prefetch(page_id page) const noexcept { __builtin_prefetch(at(page, per_page_)); }

 private:
  static constexpr std::size_t usual = 16;  // a size that the compiler knows needs no call

  [[nodiscard]] const token_id* at(page_id page, std::size_t per_page) const noexcept {
    return tokens_.data() + to_index(page) * per_page;
  }

  raw_array<token_id> tokens_;
  std::uint32_t per_page_;
};

}  // namespace kvfolio::prefix
