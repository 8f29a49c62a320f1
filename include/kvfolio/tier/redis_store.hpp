// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/tier/page_crc.hpp>
#include <kvfolio/tier/redis_connection.hpp>
#include <kvfolio/tier/store.hpp>
#include <kvfolio/tier/store_fingerprint.hpp>

#if __has_include(<hiredis/hiredis.h>)  // no other header includes this one

namespace kvfolio::tier {

/// Keeps pages in a Redis server (4.0 or younger), where other hosts find them too; programs that
/// include this link hiredis (0.14 or younger).
///
/// A page is a string under "kvfolio" and 32 bytes of fingerprint and key: the bytes of the page,
/// and 4 of its CRC. Batches are sent ahead of the answers, up to 16 MiB at a time. A server that
/// is not there, has gone, is late, or threw the page out is a miss, as is whatever else is found
/// under the key. After trouble it is asked again ever less often, counted in calls.
///
/// What it keeps, and for how long, is the server's to say: `maxmemory` and `maxmemory-policy
/// allkeys-lru` make it a cache. Costs twice a page of memory. One owner thread.
class redis_store {
 public:
  /// Pages of `page_bytes` bytes of `fingerprint`, at `address`; connects when it is first used.
  /// \throws std::invalid_argument if `address` names no server, or pages are larger than Redis
  /// takes
  redis_store(redis_address address, const store_fingerprint& fingerprint, std::size_t page_bytes)
      : server_{std::move(address)}, fingerprint_{fingerprint}, page_bytes_{page_bytes} {
    if (page_bytes > most_bytes - sizeof(std::uint32_t)) {
      throw std::invalid_argument("kvfolio: a page is larger than the 512 MiB that Redis takes");
    }
    write_set();
  }

  /// Bytes of a page.
  [[nodiscard]] std::size_t page_bytes() const noexcept { return page_bytes_; }

  /// Sends `bytes`. `errc::store_full` if the server has no room, `errc::store_failed` if it gives
  /// no answer or another one.
  [[nodiscard]] result<void> put(const store_key& key, std::span<const std::byte> bytes) noexcept {
    const store_write one{key, bytes};
    return put_many({&one, 1});
  }

  /// Receives the page `key`, if the server has it.
  [[nodiscard]] bool get(const store_key& key, std::span<std::byte> out) noexcept {
    store_read one{key, out};
    return get_many({&one, 1}) == 1;
  }

  /// Says the server that it has it?
  [[nodiscard]] bool contains(const store_key& key) noexcept {
    const name of{fingerprint_, key};
    return server_.ask(std::array{std::string_view{"EXISTS"}, of.text()}).number() == 1;
  }

  /// Has the server forget `key`; was it there?
  bool erase(const store_key& key) noexcept {
    const name of{fingerprint_, key};
    return server_.ask(std::array{std::string_view{"UNLINK"}, of.text()}).number() == 1;
  }

  /// `put` all, some at a time.
  [[nodiscard]] result<void> put_many(std::span<const store_write> writes) noexcept {
    result<void> all;
    while (!writes.empty()) {
      if (!server_.ready()) return errc::store_failed;
      const auto some = writes.first(std::min(writes.size(), batch()));
      for (const auto& write : some) {
        server_.add_written(set_of(write));
      }
      for (std::size_t i = 0; i < some.size(); ++i) {
        const auto kept = verdict(server_.next());
        if (all && !kept) all = kept;
      }
      writes = writes.subspan(some.size());
    }
    return all;
  }

  /// `get` all, some at a time.
  std::size_t get_many(std::span<store_read> reads) noexcept {
    for (auto& read : reads) read.hit = false;
    std::size_t hits = 0;
    while (!reads.empty() && server_.ready()) {
      const auto some = reads.first(std::min(reads.size(), batch()));
      for (const auto& read : some) {
        const name of{fingerprint_, read.key};
        server_.add(std::array{std::string_view{"GET"}, of.text()});
      }
      for (auto& read : some) {
        read.hit = take(server_.next(read.bytes), read);
        hits += read.hit ? 1 : 0;
      }
      reads = reads.subspan(some.size());
    }
    return hits;
  }

  /// What the server says of all that it keeps, also for others; nothing if it gives no answer.
  [[nodiscard]] store_usage usage() noexcept {
    const auto keys = server_.ask(std::array{std::string_view{"DBSIZE"}});
    const auto info = server_.ask(std::array{std::string_view{"INFO"}, std::string_view{"memory"}});
    if (!keys || !info) return {};
    const auto text = info.string().value_or(std::string_view{});
    const auto most = number_after(text, "\nmaxmemory:");
    return {.bytes = number_after(text, "\nused_memory:"),
            .capacity = most == 0 ? SIZE_MAX : most,
            .entries = static_cast<std::size_t>(keys.number())};
  }

 private:
  static constexpr std::size_t most_bytes = std::size_t{512} << 20U;

  // What the server knows a page by.
  class name {
   public:
    name(const store_fingerprint& fingerprint, const store_key& key) noexcept {
      std::memcpy(letters_.data(), "kvfolio", 7);
      std::memcpy(letters_.data() + 7, fingerprint.words.data(), 16);
      std::memcpy(letters_.data() + 23, key.words.data(), 16);
    }
    [[nodiscard]] std::string_view text() const noexcept {
      return {letters_.data(), letters_.size()};
    }

   private:
    std::array<char, 39> letters_{};
  };

  // Pages that are on their way at a time.
  [[nodiscard]] std::size_t batch() const noexcept {
    return std::clamp<std::size_t>((std::size_t{16} << 20U) / set_.size(), 1, 256);
  }

  // Writes the command that stores a page, once: hiredis would copy the page once more each time.
  void write_set() {
    const std::string value(page_bytes_ + sizeof(std::uint32_t), '\0');
    const name of{fingerprint_, {}};
    std::array<const char*, 3> words{"SET", of.text().data(), value.data()};
    std::array<std::size_t, 3> lengths{3, of.text().size(), value.size()};
    char* written = nullptr;
    const auto length = redisFormatCommandArgv(&written, 3, words.data(), lengths.data());
    if (length < 0) throw std::bad_alloc{};
    set_.assign(written, static_cast<std::size_t>(length));
    redisFreeCommand(written);
    name_at_ = set_.find(of.text());
    page_at_ = set_.size() - value.size() - 2;  // after which the line ends
  }

  // The command that stores a page. Valid until the next one.
  [[nodiscard]] std::string_view set_of(const store_write& write) noexcept {
    KVFOLIO_EXPECTS(write.bytes.size() == page_bytes_);
    const name of{fingerprint_, write.key};
    of.text().copy(&set_[name_at_], of.text().size());
    const auto crc = copy_page(fingerprint_, write.key, write.bytes,
                               std::as_writable_bytes(std::span{&set_[page_at_], page_bytes_}));
    std::memcpy(&set_[page_at_ + page_bytes_], &crc, sizeof(crc));
    return set_;
  }

  // Is `answer`, and what went where `read` says, its page?
  [[nodiscard]] bool take(const redis_answer& answer, const store_read& read) const noexcept {
    KVFOLIO_EXPECTS(read.bytes.size() == page_bytes_);
    std::uint32_t crc = 0;
    const auto rest = answer.string();
    if (!rest || rest->size() != sizeof(crc) || answer.elsewhere() != page_bytes_) return false;
    std::memcpy(&crc, rest->data(), sizeof(crc));
    return crc == page_crc(fingerprint_, read.key, read.bytes);
  }

  [[nodiscard]] static result<void> verdict(const redis_answer& answer) noexcept {
    if (!answer) return errc::store_failed;
    const auto error = answer.error();
    if (!error) return {};
    return error->starts_with("OOM") ? errc::store_full : errc::store_failed;
  }

  [[nodiscard]] static std::size_t number_after(std::string_view text,
                                                std::string_view label) noexcept {
    std::size_t number = 0;
    const auto at = text.find(label);
    if (at == std::string_view::npos) return 0;
    text.remove_prefix(at + label.size());
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  redis_connection server_;
  store_fingerprint fingerprint_;
  std::size_t page_bytes_;
  std::string set_;      // the command that stores a page, as it is written
  std::size_t name_at_;  // in it
  std::size_t page_at_;
};

static_assert(page_store<redis_store>);

}  // namespace kvfolio::tier

#endif
