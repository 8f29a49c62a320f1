// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/types.hpp>

namespace kvfolio {

/// What a page of a `key_index` has beside its key: nothing.
struct no_note {};

/// Finds pages by content key. A page has at most one key, so the chains of the hash table run
/// through an array of pages, and removal relinks one of them and moves nothing. Beside its key a
/// page has a `Note`, a small trivial type, which is near whenever the key was looked at.
///
/// Expected O(1); 24 to 32 bytes per page and what a note takes, allocated once. All operations are
/// `noexcept`, except construction.
template <class Note>
class noted_key_index {
 public:
  /// Creates an empty index of pages `[0, pages)`. \throws std::bad_alloc
  explicit noted_key_index(std::size_t pages) : noted_key_index{pages, pages} {}

  /// The same, of which about `usual` have keys at a time: a smaller table is nearer.
  /// \throws std::bad_alloc
  noted_key_index(std::size_t pages, std::size_t usual)
      : first_(std::bit_ceil(2 * usual + 2), none),
        entries_(pages),
        shift_{64 - std::countr_zero(first_.size())} {
    KVFOLIO_EXPECTS(pages < unused);
  }

  /// Returns the page that has `key`; `nullopt` when none does.
  [[nodiscard]] std::optional<page_id> find(content_key key) const noexcept {
    for (auto page = first_[chain(key)]; page != none; page = entries_[page].next) {
      if (entries_[page].key == key) return page_id{page};
    }
    return std::nullopt;
  }

  /// Fetches into the cache what `find(key)` will read first.
  void prefetch(content_key key) const noexcept { __builtin_prefetch(&first_[chain(key)]); }

  /// The note of `page`, whether it has a key or not. Valid as long as the index.
  [[nodiscard]] Note& note(page_id page) noexcept { return entries_[to_index(page)].note; }
  /// \overload
  [[nodiscard]] const Note& note(page_id page) const noexcept {
    return entries_[to_index(page)].note;
  }

  /// Has `page` a key?
  [[nodiscard]] bool contains(page_id page) const noexcept {
    return entries_[to_index(page)].next != unused;
  }

  /// Returns the key of `page`. Precondition: `contains(page)`.
  [[nodiscard]] content_key key_of(page_id page) const noexcept {
    KVFOLIO_EXPECTS(contains(page));
    return entries_[to_index(page)].key;
  }

  /// Gives `key` to `page`. Precondition: `!find(key)` and `!contains(page)`.
  void insert(content_key key, page_id page) noexcept {
    KVFOLIO_EXPECTS(!find(key) && !contains(page));
    auto& first = first_[chain(key)];
    auto& entry = entries_[to_index(page)];
    entry.key = key;
    entry.next = first;
    first = static_cast<std::uint32_t>(page);
  }

  /// Takes its key from `page`. Precondition: `contains(page)`.
  void erase(page_id page) noexcept {
    KVFOLIO_EXPECTS(contains(page));
    auto& entry = entries_[to_index(page)];
    auto* link = &first_[chain(entry.key)];
    while (*link != static_cast<std::uint32_t>(page)) link = &entries_[*link].next;
    *link = entry.next;
    entry.next = unused;
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;  // the end of a chain
  static constexpr std::uint32_t unused = none - 1;

  struct keyed_page {
    content_key key{};
    std::uint32_t next = unused;
    [[no_unique_address]] Note note{};
  };

  // Keys may be small and consecutive, or differ in their upper half only: fold, then multiply by
  // 2^64 over the golden ratio (Knuth, TAOCP 6.4), whose upper bits are spread best.
  [[nodiscard]] std::size_t chain(content_key key) const noexcept {
    const auto bits = static_cast<std::uint64_t>(key);
    return static_cast<std::size_t>(((bits ^ (bits >> 32U)) * 0x9e3779b97f4a7c15U) >> shift_);
  }

  std::vector<std::uint32_t> first_;  // page of each chain
  std::vector<keyed_page> entries_;   // by page
  int shift_;
};

/// The same without notes.
using key_index = noted_key_index<no_note>;

}  // namespace kvfolio
