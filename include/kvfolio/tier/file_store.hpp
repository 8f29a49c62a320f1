// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/tier/page_crc.hpp>
#include <kvfolio/tier/slot_directory.hpp>
#include <kvfolio/tier/store.hpp>
#include <kvfolio/tier/store_segment.hpp>

namespace kvfolio::tier {

/// Keeps pages in one file, in slots of equal size; when it is full, it gives up the page that was
/// used least recently. Survives the process: whoever opens the file next finds the pages again,
/// the one that was put first being the oldest.
///
/// Every page is checked when it is read: a page that is torn, cut off, damaged, in another's slot
/// or of another fingerprint is a miss, and so is one of which the CRC (32 bits) is right by
/// chance, except once in 2^32 damaged pages. Any number of processes may use one file at a time,
/// read, write, and end at any moment: writers wait for each other, readers for nobody, and each
/// hears of what the others changed before it says that a page is missing.
///
/// `put` and `get` are one write or read of a page, and a few system calls. Costs 64 bytes per page
/// of memory, and a page. One owner thread.
class file_store {
 public:
  /// Opens the file, and reads what it holds: 32 bytes per page. \throws std::runtime_error as
  /// `store_segment` does \throws std::bad_alloc
  explicit file_store(const segment_options& options)
      : fingerprint_{options.fingerprint},
        segment_{options},
        directory_{options.pages},
        crcs_(options.pages) {
    std::vector<std::pair<std::size_t, segment_record>> found;
    segment_.for_each_slot([&](std::size_t slot, const std::optional<segment_record>& record) {
      if (record) found.emplace_back(slot, *record);
    });
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.second.stamp < b.second.stamp; });
    for (const auto& [slot, record] : found) learn(slot, record);
  }

  /// Bytes of a page.
  [[nodiscard]] std::size_t page_bytes() const noexcept { return segment_.page_bytes(); }
  /// Does it read and write past the cache of the system?
  [[nodiscard]] bool direct() const noexcept { return segment_.direct(); }

  /// Writes `bytes`. `errc::store_full` if the file may not grow, or was made for no pages;
  /// `errc::store_failed` if the device fails.
  [[nodiscard]] result<void> put(const store_key& key, std::span<const std::byte> bytes) noexcept {
    const store_write one{key, bytes};
    return put_many({&one, 1});
  }

  /// Reads the page `key` to `out`, if it is there and sound.
  [[nodiscard]] bool get(const store_key& key, std::span<std::byte> out) noexcept {
    follow();
    do {
      const auto slot = directory_.find(key);
      if (!slot) return false;
      if (segment_.read_page(*slot, out) && page_crc(fingerprint_, key, out) == crcs_[*slot]) {
        directory_.touch(*slot);
        return true;
      }
      directory_.erase(*slot);
    } while (follow());  // another may have put it elsewhere in the meantime
    return false;
  }

  /// Is there a record of it?
  [[nodiscard]] bool contains(const store_key& key) noexcept {
    follow();
    return directory_.find(key).has_value();
  }

  /// Forgets `key`, in the file too; was it there?
  bool erase(const store_key& key) noexcept {
    const store_segment::changing alone{segment_};
    follow();
    const auto slot = directory_.find(key);
    if (!slot) return false;
    directory_.erase(*slot);
    return alone && segment_.write_no_record(*slot).has_value();
  }

  /// `put` each; those that go to slots next to each other are written at once.
  [[nodiscard]] result<void> put_many(std::span<const store_write> writes) noexcept {
    if (segment_.slots() == 0 && !writes.empty()) return errc::store_full;
    const store_segment::changing alone{segment_};
    if (!alone) return errc::store_failed;
    follow();
    while (!writes.empty()) {
      if (const auto there = directory_.find(writes.front().key)) {
        directory_.touch(*there);
        writes = writes.subspan(1);
        continue;
      }
      const auto first = directory_.take(writes.front().key);
      std::size_t count = 1;
      while (count < std::min(writes.size(), store_segment::most_at_once) &&
             directory_.next_slot() == first + count && !directory_.find(writes[count].key)) {
        directory_.take(writes[count++].key);
      }
      if (auto kept = write(first, writes.first(count)); !kept) return kept;
      writes = writes.subspan(count);
    }
    return {};
  }

  /// `get` each; those that are in slots next to each other are read at once.
  std::size_t get_many(std::span<store_read> reads) noexcept {
    std::size_t hits = 0;
    follow();
    while (!reads.empty()) {
      const auto first = directory_.find(reads.front().key);
      std::size_t count = 1;
      while (first && count < std::min(reads.size(), store_segment::most_at_once) &&
             directory_.find(reads[count].key) == *first + count) {
        ++count;
      }
      const bool read_all = count > 1 && segment_.read_pages(*first, reads.first(count));
      for (std::size_t i = 0; i < count; ++i) {
        auto& read = reads[i];
        const bool sound = read_all && directory_.find(read.key) == *first + i &&
                           page_crc(fingerprint_, read.key, read.bytes) == crcs_[*first + i];
        if (sound) directory_.touch(*first + i);
        read.hit = sound || get(read.key, read.bytes);
        hits += read.hit ? 1 : 0;
      }
      reads = reads.subspan(count);
    }
    return hits;
  }

  /// How full it is, as far as this process has heard.
  [[nodiscard]] store_usage usage() noexcept {
    follow();
    return {.bytes = directory_.size() * page_bytes(),
            .capacity = directory_.slots() * page_bytes(),
            .entries = directory_.size()};
  }

 private:
  // Writes to slots from `first` on, which were taken for them; gives them up if that fails.
  // Precondition: nobody else may change the file.
  [[nodiscard]] result<void> write(std::size_t first,
                                   std::span<const store_write> writes) noexcept {
    std::array<named_page, store_segment::most_at_once> pages{};
    for (std::size_t i = 0; i < writes.size(); ++i) {
      crcs_[first + i] = page_crc(fingerprint_, writes[i].key, writes[i].bytes);
      pages[i] = {writes[i].key, crcs_[first + i]};
    }
    result<void> kept;
    if (writes.size() == 1 || !segment_.write_pages(first, writes)) {
      for (std::size_t i = 0; i < writes.size() && kept; ++i) {
        kept = segment_.write_page(first + i, writes[i].bytes);
      }
    }
    if (kept) kept = segment_.write_records(first, std::span{pages}.first(writes.size()));
    for (std::size_t i = 0; i < writes.size() && !kept; ++i) directory_.erase(first + i);
    return kept;
  }

  // Hears of what others changed. Was there anything?
  bool follow() noexcept {
    return segment_.for_each_change(
        [this](std::size_t slot, const std::optional<segment_record>& record) noexcept {
          learn(slot, record);
        });
  }

  // `slot` holds `record`.
  void learn(std::size_t slot, const std::optional<segment_record>& record) noexcept {
    if (record) crcs_[slot] = record->page_crc;
    if (record && directory_.find(record->key) == slot) return;
    directory_.vacate(slot);
    if (record) directory_.place(slot, record->key);
  }

  store_fingerprint fingerprint_;
  store_segment segment_;
  slot_directory directory_;
  std::vector<std::uint32_t> crcs_;  // of pages, by slot
};

static_assert(page_store<file_store>);

}  // namespace kvfolio::tier
