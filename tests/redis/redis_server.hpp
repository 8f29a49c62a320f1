// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kvfolio/tier/redis_connection.hpp>

#include "../support/scratch_folder.hpp"

namespace kvfolio::test {

/// A Redis server of a test's own, which listens on a socket in a folder of its own, keeps nothing
/// on disk, and ends with the test.
class redis_server {
 public:
  /// Starts the server, and waits until it answers. \throws std::runtime_error if it does not
  explicit redis_server(std::vector<std::string> options = {}) : options_{std::move(options)} {
    start();
  }
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;
  ~redis_server() { kill(); }

  /// Where it listens.
  [[nodiscard]] tier::redis_address address(std::uint32_t timeout_ms = 2'000) const {
    return {.host = folder_ / "socket", .timeout_ms = timeout_ms};
  }

  /// Starts it again, with nothing in it.
  void start() {
    const auto socket = folder_ / "socket";
    std::vector<std::string> words{
        KVFOLIO_REDIS_SERVER, "--port", "0",         "--unixsocket",  socket,  "--save",     "",
        "--appendonly",       "no",     "--logfile", folder_ / "log", "--dir", folder_ / "."};
    words.insert(words.end(), options_.begin(), options_.end());
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      std::vector<char*> arguments;
      for (auto& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    for (int patience = 0; patience < 1'000; ++patience) {
      tier::redis_connection connection{address()};
      if (connection.ask(std::array{std::string_view{"PING"}})) return;
      ::usleep(5'000);
    }
    throw std::runtime_error("redis-server does not answer");
  }

  /// Ends it at once.
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, 0), nullptr, 0);
  }
  /// It says nothing more, until it goes on.
  void stop() const { ::kill(process_, SIGSTOP); }
  /// It goes on.
  void go_on() const { ::kill(process_, SIGCONT); }

 private:
  scratch_folder folder_;
  std::vector<std::string> options_;
  pid_t process_ = 0;
};

}  // namespace kvfolio::test
