// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/tier/crc32c.hpp>
#include <kvfolio/tier/shared_file.hpp>
#include <kvfolio/tier/store_fingerprint.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::tier {

/// What a slot of a file holds.
struct segment_record {
  store_key key;               ///< of the page
  std::uint64_t stamp = 0;     ///< of the change that put it there: the greatest is the youngest
  std::uint32_t page_crc = 0;  ///< `tier::page_crc` of it
  std::uint32_t crc = 0;       ///< of fingerprint, slot and everything above
};
static_assert(sizeof(segment_record) == 32);

/// How the file of a `file_store` begins.
struct segment_head {
  std::array<char, 16> magic{'k', 'v', 'f', 'o', 'l', 'i', 'o', ' ',
                             's', 't', 'o', 'r', 'e', ' ', '1', '\n'};  ///< of all stores
  store_fingerprint fingerprint{};                                      ///< of the pages
  std::uint64_t page_bytes = 0;                                         ///< of each page
  std::uint64_t slots = 0;                                              ///< for pages
};
static_assert(sizeof(segment_head) == 48);

/// Where everything is in the file of a `file_store`, and what of it can be believed.
///
/// | at                    | bytes                                                              |
/// |-----------------------|--------------------------------------------------------------------|
/// | 0                     | a `segment_head`                                                   |
/// | 4,096                 | number of changes, and the slots that the last 1,022 changed       |
/// | 8,192                 | a `segment_record` for each slot                                   |
/// | beyond them           | the pages, each at a multiple of 4,096                             |
///
/// All integers are as the machine has them: the fingerprint tells byte orders apart. A value.
class segment_layout {
 public:
  /// \throws std::invalid_argument if a page has no bytes \throws std::length_error if no file can
  /// be so long
  segment_layout(const store_fingerprint& fingerprint, std::size_t page_bytes, std::size_t slots)
      : head_{.fingerprint = fingerprint, .page_bytes = page_bytes, .slots = slots} {
    if (page_bytes == 0) throw std::invalid_argument("kvfolio: pages of a store need bytes");
    stride_ = checked_mul(ceil_div(page_bytes, shared_file::alignment), shared_file::alignment);
    const auto end = checked_add(first_record, checked_mul(slots, sizeof(segment_record)));
    // What pages are multiples of, up to 2 MiB: file systems like their beginning to be one, too.
    const auto multiple = std::clamp<std::size_t>(stride_ & (0 - stride_), shared_file::alignment,
                                                  std::size_t{2} << 20U);
    first_page_ = checked_mul(ceil_div(end, multiple), multiple);
    (void)checked_add(first_page_, checked_mul(slots, stride_));
  }

  static constexpr std::size_t change_count = 4'096;  ///< where the number of changes is
  static constexpr std::size_t changed_slots = change_count + 8;  ///< where those of the last are
  static constexpr std::size_t first_record = 8'192;              ///< where that of slot 0 is
  static constexpr std::size_t remembered =
      (first_record - changed_slots) / sizeof(std::uint32_t);  ///< slots, of as many changes

  /// How the file begins.
  [[nodiscard]] const segment_head& head() const noexcept { return head_; }
  /// Bytes of a page.
  [[nodiscard]] std::size_t page_bytes() const noexcept { return head_.page_bytes; }
  /// Bytes from a page to the next.
  [[nodiscard]] std::size_t stride() const noexcept { return stride_; }
  /// Number of slots.
  [[nodiscard]] std::size_t slots() const noexcept { return head_.slots; }
  /// Where the record of `slot` is.
  [[nodiscard]] std::uint64_t record_place(std::size_t slot) const noexcept {
    return first_record + slot * sizeof(segment_record);
  }
  /// Where the page of `slot` is. That of slot 0 follows everything that is not a page.
  [[nodiscard]] std::uint64_t page_place(std::size_t slot) const noexcept {
    return first_page_ + slot * stride_;
  }

  /// The CRC of `record` as that of `slot`, whatever CRC it has.
  [[nodiscard]] std::uint32_t crc_of(const segment_record& record,
                                     std::size_t slot) const noexcept {
    crc32c crc;
    crc.add(std::as_bytes(std::span{head_.fingerprint.words}));
    crc.add(std::as_bytes(std::span{&slot, 1}));
    crc.add(std::as_bytes(std::span{&record, 1}).first(offsetof(segment_record, crc)));
    return crc.value();
  }

  /// `record`, if it is one of a page in `slot`.
  [[nodiscard]] std::optional<segment_record> checked(const segment_record& record,
                                                      std::size_t slot) const noexcept {
    if (record.stamp == 0 || record.crc != crc_of(record, slot)) return std::nullopt;
    return record;
  }

  /// Is `found`, of which `read` bytes were there, the beginning of a file of this layout?
  [[nodiscard]] bool begins(const segment_head& found, std::size_t read) const noexcept {
    return read == sizeof(found) && std::memcmp(&found, &head_, sizeof(found)) == 0;
  }

  /// Is it that of any store, or of nothing? A path that was mistyped must not cost anybody a file;
  /// but a store remains one with a few letters of its magic word changed, or only the first left.
  [[nodiscard]] static bool begins_a_store(const segment_head& found, std::size_t read) noexcept {
    const auto magic = segment_head{}.magic;
    const auto letters = std::min(read, magic.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < letters; ++i) wrong += found.magic[i] == magic[i] ? 0 : 1;
    return wrong <= letters / 4;
  }

 private:
  segment_head head_;
  std::size_t stride_ = 0;
  std::size_t first_page_ = 0;
};

}  // namespace kvfolio::tier
