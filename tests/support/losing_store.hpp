// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/tier/concept.hpp>
#include <kvfolio/tier/store.hpp>

namespace kvfolio::test {

/// A list that loses pages and refuses them when a test says so, as stores may at any time.
class losing_store {
 public:
  explicit losing_store(std::size_t page_bytes, std::size_t pages = SIZE_MAX)
      : page_bytes_{page_bytes}, most_{pages} {}

  [[nodiscard]] std::size_t page_bytes() const noexcept { return page_bytes_; }
  [[nodiscard]] result<void> put(const tier::store_key& key,
                                 std::span<const std::byte> bytes) noexcept {
    KVFOLIO_EXPECTS(bytes.size() == page_bytes_);
    if (puts_until_failure != 0 && --puts_until_failure == 0) return errc::store_failed;
    if (contains(key)) return {};
    if (pages_.size() == most_) return errc::store_full;
    pages_.emplace_back(key, std::vector<std::byte>(bytes.begin(), bytes.end()));
    return {};
  }
  [[nodiscard]] bool get(const tier::store_key& key, std::span<std::byte> out) noexcept {
    KVFOLIO_EXPECTS(out.size() == page_bytes_);
    const auto found = find(key);
    const bool hit = found != pages_.end();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = hit ? found->second[i] : std::byte{0xee};  // after a miss, it may be anything
    }
    return hit;
  }
  [[nodiscard]] bool contains(const tier::store_key& key) noexcept {
    return find(key) != pages_.end();
  }
  bool erase(const tier::store_key& key) noexcept {
    const auto found = find(key);
    if (found == pages_.end()) return false;
    pages_.erase(found);
    return true;
  }
  [[nodiscard]] result<void> put_many(std::span<const tier::store_write> writes) noexcept {
    return tier::put_each(*this, writes);
  }
  std::size_t get_many(std::span<tier::store_read> reads) noexcept {
    return tier::get_each(*this, reads);
  }
  [[nodiscard]] tier::store_usage usage() const noexcept {
    return {.bytes = pages_.size() * page_bytes_,
            .capacity = most_ == SIZE_MAX ? SIZE_MAX : most_ * page_bytes_,
            .entries = pages_.size()};
  }

  /// Loses the page at place `index` of those that it has, in the order in which they came.
  void lose(std::size_t index) {
    pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  std::size_t puts_until_failure = 0;  ///< 0: none fails

 private:
  using entry = std::pair<tier::store_key, std::vector<std::byte>>;

  [[nodiscard]] std::vector<entry>::iterator find(const tier::store_key& key) noexcept {
    return std::ranges::find(pages_, key, &entry::first);
  }

  std::size_t page_bytes_;
  std::size_t most_;
  std::vector<entry> pages_;
};

static_assert(tier::page_store<losing_store>);

/// A tier policy that says what a test wants.
struct wished_tier {
  const std::uint64_t* pages_to_recompute;  ///< leading ones; of fewer, all
  [[nodiscard]] std::uint64_t tokens_to_recompute(const departure& leaving) const noexcept {
    return leaving.tokens_in(*pages_to_recompute);
  }
};
static_assert(tier_policy<wished_tier>);

}  // namespace kvfolio::test
