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
#include <string>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/tier/segment_layout.hpp>
#include <kvfolio/tier/shared_file.hpp>
#include <kvfolio/tier/store.hpp>
#include <kvfolio/tier/store_fingerprint.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio::tier {

/// What a file is to be, or is, for a `store_segment`.
struct segment_options {
  std::string path;                 ///< of the file; made if there is none
  store_fingerprint fingerprint{};  ///< of its pages
  std::size_t page_bytes = 0;       ///< of each page
  std::size_t pages = 0;            ///< that it can hold
  bool direct = true;               ///< past the cache of the system, where the file system can
};

/// A page that a slot of a file is to hold.
struct named_page {
  store_key key;          ///< of the page
  std::uint32_t crc = 0;  ///< `page_crc` of it
};

/// The one file of a `file_store`, and its locks; of what is in which slot it knows nothing.
///
/// Whoever changes a slot has the lock, writes the page, then its record, then that it changed: so
/// whatever a process leaves behind that ends in between is a page that its record does not fit.
/// Nothing is flushed, except the beginning, once: after the power failed, too, there are pages and
/// records that do not fit each other, and no worse.
///
/// Linux. One owner thread. Several processes may have one file open, and several of these in one
/// process; what was made before a `fork` is for one of both processes alone.
class store_segment {
 public:
  /// Opens the file, and empties it first if it is another fingerprint's, or damaged in its
  /// beginning. \throws std::runtime_error if it cannot be used, if it is no store at all, or if it
  /// would have to be emptied while others have it open \throws std::invalid_argument and
  /// std::length_error as `segment_layout` does
  explicit store_segment(const segment_options& options)
      : layout_{options.fingerprint, options.page_bytes, options.pages},
        table_{options.path, false},
        pages_{options.path, false},
        bounce_(checked_add(layout_.stride(), shared_file::alignment)) {
    if (!table_.lock(writer, F_WRLCK, true)) shared_file::fail("lock " + options.path);
    open(options.path);
    if (options.direct) try_direct(options.path);
    (void)table_.lock(writer, F_UNLCK, false);
  }

  static constexpr std::size_t most_at_once = 64;  ///< slots that one call changes or reads

  /// Bytes of a page.
  [[nodiscard]] std::size_t page_bytes() const noexcept { return layout_.page_bytes(); }
  /// Number of slots.
  [[nodiscard]] std::size_t slots() const noexcept { return layout_.slots(); }
  /// Are pages read and written past the cache of the system?
  [[nodiscard]] bool direct() const noexcept { return direct_; }

  /// Reads the page of `slot`. Is there as much in the file? What it is, its CRC says.
  [[nodiscard]] bool read_page(std::size_t slot, std::span<std::byte> page) noexcept {
    KVFOLIO_EXPECTS(slot < slots() && page.size() == page_bytes());
    if (!direct_ || fits(page))
      return pages_.read_at(layout_.page_place(slot), page) == page_bytes();
    const auto aligned = bounce();
    if (pages_.read_at(layout_.page_place(slot), aligned) < page_bytes()) return false;
    std::memcpy(page.data(), aligned.data(), page_bytes());
    return true;
  }

  /// Writes the page of `slot`. Precondition: this has the lock, here and below.
  [[nodiscard]] result<void> write_page(std::size_t slot,
                                        std::span<const std::byte> page) noexcept {
    KVFOLIO_EXPECTS(slot < slots() && page.size() == page_bytes());
    if (!direct_ || fits(page)) return pages_.write_at(layout_.page_place(slot), page);
    const auto aligned = bounce();
    std::memcpy(aligned.data(), page.data(), page_bytes());
    return pages_.write_at(layout_.page_place(slot), aligned);
  }

  /// Reads the pages of `reads` from the slots from `first` on, at once. Did it? Not pages that lie
  /// where the device cannot write. Precondition: at most `most_at_once`.
  [[nodiscard]] bool read_pages(std::size_t first, std::span<const store_read> reads) noexcept {
    std::array<iovec, most_at_once> pieces{};
    return gather(reads, pieces) &&
           pages_.read_pieces(layout_.page_place(first), std::span{pieces}.first(reads.size()));
  }

  /// The same for writing.
  [[nodiscard]] bool write_pages(std::size_t first, std::span<const store_write> writes) noexcept {
    std::array<iovec, most_at_once> pieces{};
    return gather(writes, pieces) &&
           pages_.write_pieces(layout_.page_place(first), std::span{pieces}.first(writes.size()));
  }

  /// Writes that the slots from `first` on hold `pages`, and that they have changed. Precondition:
  /// at most `most_at_once`.
  [[nodiscard]] result<void> write_records(std::size_t first,
                                           std::span<const named_page> pages) noexcept {
    KVFOLIO_EXPECTS(pages.size() <= most_at_once);
    std::array<segment_record, most_at_once> records{};
    for (std::size_t i = 0; i < pages.size(); ++i) {
      records[i] = {pages[i].key, seen_ + 1 + i, pages[i].crc, 0};
      records[i].crc = layout_.crc_of(records[i], first + i);
    }
    return change(first, std::span{records}.first(pages.size()));
  }

  /// Writes that `slot` holds nothing, and that it has changed.
  [[nodiscard]] result<void> write_no_record(std::size_t slot) noexcept {
    const segment_record nothing{};
    return change(slot, {&nothing, 1});
  }

  /// Calls `visit(slot, record)` for each slot that holds a page, in the order of slots, and
  /// `visit(slot, nullopt)` for the others. What is damaged holds nothing.
  template <class Visit>
  void for_each_slot(Visit visit) {
    seen_ = changes();
    std::array<segment_record, 128> some{};
    for (std::size_t first = 0; first < slots(); first += some.size()) {
      const auto count = std::min(some.size(), slots() - first);
      some.fill({});
      (void)table_.read_at(layout_.record_place(first),
                           std::as_writable_bytes(std::span{some}.first(count)));
      for (std::size_t i = 0; i < count; ++i) visit(first + i, layout_.checked(some[i], first + i));
    }
  }

  /// Calls `visit(slot, record)`, as `for_each_slot` does, for at least those slots that others
  /// have changed since it was last called. Has anything changed?
  template <class Visit>
  bool for_each_change(Visit visit) noexcept {
    const auto now = changes();
    if (now == seen_) return false;
    if (now - seen_ > segment_layout::remembered) {  // or less than before: the file was cut
      for_each_slot(visit);
      return true;
    }
    std::array<std::uint32_t, segment_layout::remembered> ring{};
    (void)table_.read_at(segment_layout::changed_slots, std::as_writable_bytes(std::span{ring}));
    while (seen_ != now) {
      const auto slot = ring[++seen_ % segment_layout::remembered];
      if (slot >= slots()) continue;
      segment_record changed{};
      (void)table_.read_at(layout_.record_place(slot),
                           std::as_writable_bytes(std::span{&changed, 1}));
      visit(slot, layout_.checked(changed, slot));
    }
    return true;
  }

  /// The right to change slots, while it lives; waits for whoever else has it.
  class changing {
   public:
    /// Waits.
    explicit changing(store_segment& segment) noexcept
        : segment_{segment}, granted_{segment.table_.lock(writer, F_WRLCK, true)} {}
    changing(const changing&) = delete;
    changing(changing&&) = delete;
    changing& operator=(const changing&) = delete;
    changing& operator=(changing&&) = delete;
    ~changing() { (void)segment_.table_.lock(writer, F_UNLCK, false); }

    /// Was it granted? Not by file systems without locks.
    explicit operator bool() const noexcept { return granted_; }

   private:
    store_segment& segment_;
    bool granted_;
  };

 private:
  static constexpr std::uint64_t users = 0;   // lock of all who have the file open, shared
  static constexpr std::uint64_t writer = 1;  // lock of the one who changes it
  template <class T>
  static std::span<const std::byte> bytes_of(const T& value) noexcept {
    return std::as_bytes(std::span{&value, 1});
  }
  [[nodiscard]] std::uint64_t changes() const noexcept {
    std::uint64_t count = 0;
    const auto read =
        table_.read_at(segment_layout::change_count, std::as_writable_bytes(std::span{&count, 1}));
    return read == sizeof(count) ? count : 0;
  }

  [[nodiscard]] result<void> change(std::size_t first,
                                    std::span<const segment_record> records) noexcept {
    auto kept = table_.write_at(layout_.record_place(first), std::as_bytes(records));
    for (std::size_t i = 0; i < records.size() && kept;) {  // twice, where the ring ends
      const auto place = (seen_ + 1 + i) % segment_layout::remembered;
      std::array<std::uint32_t, most_at_once> numbers{};
      const auto some =
          std::min<std::size_t>(records.size() - i, segment_layout::remembered - place);
      for (std::size_t j = 0; j < some; ++j) numbers[j] = static_cast<std::uint32_t>(first + i + j);
      kept = table_.write_at(segment_layout::changed_slots + place * sizeof(std::uint32_t),
                             std::as_bytes(std::span{numbers}.first(some)));
      i += some;
    }
    const auto now = seen_ + records.size();
    if (kept) kept = table_.write_at(segment_layout::change_count, bytes_of(now));
    if (kept) seen_ = now;
    return kept;
  }

  // Lists where the pages are, if they fill their slots, and the device can read or write them.
  template <class Page>
  [[nodiscard]] bool gather(std::span<const Page> pages, std::span<iovec> pieces) const noexcept {
    KVFOLIO_EXPECTS(pages.size() <= pieces.size());
    for (std::size_t i = 0; i < pages.size(); ++i) {
      const auto bytes = pages[i].bytes;
      if (page_bytes() != layout_.stride() || (direct_ && !fits(bytes))) return false;
      pieces[i].iov_base = const_cast<std::byte*>(bytes.data());  // which is not written to
      pieces[i].iov_len = bytes.size();
    }
    return true;
  }

  // Can the device read or write them where they are?
  [[nodiscard]] bool fits(std::span<const std::byte> page) const noexcept {
    return page.size() == layout_.stride() &&
           reinterpret_cast<std::uintptr_t>(page.data()) % shared_file::alignment == 0;
  }
  [[nodiscard]] std::span<std::byte> bounce() noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(bounce_.data());
    return std::span{bounce_}.subspan((0 - address) % shared_file::alignment, layout_.stride());
  }

  // Precondition: this has the lock.
  void open(const std::string& path) {
    segment_head found{};
    const auto read = table_.read_at(0, std::as_writable_bytes(std::span{&found, 1}));
    if (!segment_layout::begins_a_store(found, read)) {
      throw std::runtime_error("kvfolio: " + path +
                               " is not a store; give another path, or delete it");
    }
    if (!layout_.begins(found, read)) {
      if (!table_.lock(users, F_WRLCK, false)) {
        throw std::runtime_error("kvfolio: " + path +
                                 " is in use as a store of another model, layout, version or size; "
                                 "give each a file of its own");
      }
      table_.resize(0);
      if (!table_.write_at(0, bytes_of(layout_.head()))) shared_file::fail("write " + path);
      table_.flush();  // so that no file is long and begins with zeros, which is no store
      table_.resize(layout_.page_place(0));
    }
    if (!table_.lock(users, F_RDLCK, true)) shared_file::fail("lock " + path);
  }

  // Some file systems refuse at once, others when it comes to reading.
  void try_direct(const std::string& path) {
    try {
      shared_file direct{path, true};
      if (direct.read_at(0, bounce().first(shared_file::alignment)) == 0) return;
      pages_ = std::move(direct);
      direct_ = true;
    } catch (const std::runtime_error&) {
      direct_ = false;
    }
  }

  segment_layout layout_;
  shared_file table_;  // for everything that is not a page; has the locks
  shared_file pages_;
  bool direct_ = false;
  std::uint64_t seen_ = 0;         // changes
  std::vector<std::byte> bounce_;  // a page where the device wants it
};

}  // namespace kvfolio::tier
