// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/tier/call_backoff.hpp>

#if __has_include(<hiredis/hiredis.h>)  // no header that everybody includes includes this one

#include <hiredis/hiredis.h>

namespace kvfolio::tier {

/// Which Redis server, and how long to wait for it.
struct redis_address {
  std::string host;                  ///< a name, a number, or the path of a socket: `/run/redis`
  int port = 6'379;                  ///< where there is a port
  std::uint32_t timeout_ms = 1'000;  ///< for the server to go on; then the connection is given up
};

/// An answer of a Redis server, or none because the connection broke.
class redis_answer {
 public:
  /// Takes `reply` of hiredis, of which the first `elsewhere` bytes are not in it.
  explicit redis_answer(redisReply* reply = nullptr, std::size_t elsewhere = 0) noexcept
      : reply_{reply}, elsewhere_{elsewhere} {}
  /// Takes that of `other`.
  redis_answer(redis_answer&& other) noexcept
      : reply_{std::exchange(other.reply_, nullptr)}, elsewhere_{other.elsewhere_} {}
  redis_answer(const redis_answer&) = delete;
  redis_answer& operator=(const redis_answer&) = delete;
  redis_answer& operator=(redis_answer&&) = delete;
  ~redis_answer() {
    if (reply_ != nullptr) freeReplyObject(reply_);
  }

  /// Is there one?
  explicit operator bool() const noexcept { return reply_ != nullptr; }
  /// Bytes of a string that went where `next` was told to put them.
  [[nodiscard]] std::size_t elsewhere() const noexcept { return elsewhere_; }
  /// Its other bytes, if it is a string.
  [[nodiscard]] std::optional<std::string_view> string() const noexcept {
    return text_of(REDIS_REPLY_STRING);
  }
  /// What it complains of, if it does.
  [[nodiscard]] std::optional<std::string_view> error() const noexcept {
    return text_of(REDIS_REPLY_ERROR);
  }
  /// The number that it is, or else 0.
  [[nodiscard]] long long number() const noexcept {
    return reply_ != nullptr && reply_->type == REDIS_REPLY_INTEGER ? reply_->integer : 0;
  }

 private:
  [[nodiscard]] std::optional<std::string_view> text_of(int type) const noexcept {
    if (reply_ == nullptr || reply_->type != type) return std::nullopt;
    return std::string_view{reply_->str, static_cast<std::size_t>(reply_->len)};
  }

  redisReply* reply_;
  std::size_t elsewhere_;
};

/// Talks to a Redis server through hiredis, and never fails worse than not to get an answer:
/// connects when it must, gives a connection up at the first trouble, and then tries ever less
/// often. A server that is gone raises no `SIGPIPE`. One owner thread.
class redis_connection {
 public:
  /// Will connect to `address`. \throws std::invalid_argument if it names no server
  explicit redis_connection(redis_address address) : address_{std::move(address)} {
    if (address_.host.empty()) {
      throw std::invalid_argument(
          "kvfolio: a Redis server needs a host, or the path of its socket; 127.0.0.1 is usual");
    }
  }
  redis_connection(const redis_connection&) = delete;
  redis_connection(redis_connection&&) = delete;
  redis_connection& operator=(const redis_connection&) = delete;
  redis_connection& operator=(redis_connection&&) = delete;
  ~redis_connection() { drop(); }

  /// Is there a connection? If not, this call may try to make one.
  [[nodiscard]] bool ready() noexcept {
    if (context_ != nullptr) return true;
    if (!backoff_.due()) return false;
    const pipe_guard guard;
    const auto timeout = wait();
    context_ = address_.host.front() == '/'
                   ? redisConnectUnixWithTimeout(address_.host.c_str(), timeout)
                   : redisConnectWithTimeout(address_.host.c_str(), address_.port, timeout);
    if (context_ == nullptr || context_->err != 0 ||
        redisSetTimeout(context_, timeout) != REDIS_OK) {
      give_up();
      return false;
    }
    auto& reader = *context_->reader;
    reader.maxbuf = 0;  // keeps what it has for the next page
    functions_ = *reader.fn;
    make_string_ = std::exchange(functions_.createString, &make_string);
    reader.fn = &functions_;
    reader.privdata = this;
    return true;
  }

  /// Adds a command to those that will be sent. Precondition: `ready()`.
  template <std::size_t Words>
  void add(const std::array<std::string_view, Words>& words) noexcept {
    KVFOLIO_EXPECTS(context_ != nullptr);
    std::array<const char*, Words> texts{};
    std::array<std::size_t, Words> lengths{};
    for (std::size_t i = 0; i < Words; ++i) {
      texts[i] = words[i].data();
      lengths[i] = words[i].size();
    }
    redisAppendCommandArgv(context_, static_cast<int>(Words), texts.data(), lengths.data());
  }

  /// Adds a command as it is written on the wire. Precondition: `ready()`.
  void add_written(std::string_view command) noexcept {
    KVFOLIO_EXPECTS(context_ != nullptr);
    redisAppendFormattedCommand(context_, command.data(), command.size());
  }

  /// Sends what is to be sent, and waits for the answer to the oldest command that has none. If it
  /// is a string of more bytes than `front`, these are its first, and not copied twice.
  [[nodiscard]] redis_answer next(std::span<std::byte> front = {}) noexcept {
    if (context_ == nullptr) return redis_answer{};
    const pipe_guard guard;
    front_ = front;
    filled_ = 0;
    void* reply = nullptr;
    if (redisGetReply(context_, &reply) != REDIS_OK || reply == nullptr) {
      give_up();
      return redis_answer{};
    }
    backoff_.succeeded();
    return redis_answer{static_cast<redisReply*>(reply), filled_};
  }

  /// The answer to one command; none if there is no connection.
  template <std::size_t Words>
  [[nodiscard]] redis_answer ask(const std::array<std::string_view, Words>& words) noexcept {
    if (!ready()) return redis_answer{};
    add(words);
    return next();
  }

 private:
  // hiredis writes to sockets that may have been closed. Holds the signal back from this thread.
  class pipe_guard {
   public:
    pipe_guard() noexcept {
      sigset_t pending;
      sigemptyset(&pending);
      sigpending(&pending);
      was_pending_ = sigismember(&pending, SIGPIPE) == 1;
      sigemptyset(&pipe_);
      sigaddset(&pipe_, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    pipe_guard(const pipe_guard&) = delete;
    pipe_guard(pipe_guard&&) = delete;
    pipe_guard& operator=(const pipe_guard&) = delete;
    pipe_guard& operator=(pipe_guard&&) = delete;
    ~pipe_guard() {
      const timespec at_once{};
      if (!was_pending_) (void)sigtimedwait(&pipe_, nullptr, &at_once);
      pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

   private:
    sigset_t pipe_;
    sigset_t before_;
    bool was_pending_;
  };

  // What hiredis calls for each string that it receives.
  static void* make_string(const redisReadTask* task, char* text, std::size_t length) {
    auto& self = *static_cast<redis_connection*>(task->privdata);
    if (task->type == REDIS_REPLY_STRING && task->parent == nullptr &&
        length > self.front_.size() && !self.front_.empty()) {
      std::memcpy(self.front_.data(), text, self.front_.size());
      self.filled_ = self.front_.size();
    }
    return self.make_string_(task, text + self.filled_, length - self.filled_);
  }

  [[nodiscard]] timeval wait() const noexcept {
    timeval time{};
    time.tv_sec = address_.timeout_ms / 1'000;
    time.tv_usec = static_cast<suseconds_t>(address_.timeout_ms % 1'000) * 1'000;
    return time;
  }
  void give_up() noexcept {
    drop();
    backoff_.failed();
  }
  void drop() noexcept {
    if (context_ != nullptr) redisFree(std::exchange(context_, nullptr));
  }

  redis_address address_;
  redisContext* context_ = nullptr;
  redisReplyObjectFunctions functions_{};  // those of hiredis, but for one
  decltype(redisReplyObjectFunctions::createString) make_string_{};  // which was this
  std::span<std::byte> front_;  // where the beginning of the next string goes
  std::size_t filled_ = 0;      // bytes of it that did
  call_backoff backoff_;
};

}  // namespace kvfolio::tier

#endif
