// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <kvfolio/tier/file_store.hpp>

#include "../support/sanitized.hpp"
#include "../support/scratch_folder.hpp"
#include "../support/stored_pages.hpp"

namespace {

// What is to happen at one of the next writes of this process.
struct {
  int writes_left = -1;     // until then; -1: never
  std::size_t written = 0;  // of its bytes, nevertheless
  int error = 0;            // that it reports; 0: the process ends
} trouble;

}  // namespace

// Every write of the file store passes here, instead of through the C library.
extern "C" ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  const bool now = trouble.writes_left == 0;
  if (trouble.writes_left >= 0) --trouble.writes_left;
  if (now) {
    count = std::min(count, trouble.written);
    if (count != 0) ::syscall(SYS_pwrite64, file, bytes, count, offset);
    if (trouble.error == 0) ::kill(::getpid(), SIGKILL);
    errno = trouble.error;
    return -1;
  }
  return ::syscall(SYS_pwrite64, file, bytes, count, offset);
}

// Pieces are counted, and torn, as one write of the first of them.
extern "C" ssize_t pwritev(int file, const iovec* pieces, int count, off_t offset) {
  if (trouble.writes_left == 0) {
    return pwrite(file, pieces->iov_base, pieces->iov_len, offset);
  }
  if (trouble.writes_left > 0) --trouble.writes_left;
  return ::syscall(SYS_pwritev, file, pieces, count, offset, 0);
}

namespace kvfolio::test {
namespace {

using tier::file_store;

class file_store_crashes : public testing::Test {
 protected:
  static constexpr std::uint64_t names = 12;  // of which 6 fit

  // Runs `body` in a process of its own, which must not return; gives it `patience` before it is
  // killed, if any. Returns what became of it.
  template <class Body>
  static int in_a_process(Body body, std::optional<useconds_t> patience) {
    const auto child = ::fork();
    if (child == 0) {
      body();
      ::_exit(0);
    }
    if (patience) {
      ::usleep(*patience);
      ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }

  // Puts, gets and erases pages; the process ends with 1 if one is wrong.
  static void work(file_store& store, std::uint32_t seed, int steps) {
    std::mt19937 rng{seed};
    for (int i = 0; i < steps; ++i) {
      const auto key = key_of(rng() % names);
      if (look_up(store, key) == found::wrong) ::_exit(1);
      const auto choice = rng() % 4;
      if (choice == 0) {
        const auto page = page_of(key, store.page_bytes());
        const auto other = key_of(rng() % names);
        const auto second = page_of(other, store.page_bytes());
        (void)store.put_many(std::array<tier::store_write, 2>{{{key, page}, {other, second}}});
      } else if (choice < 3) {
        (void)put_page(store, key);
      } else {
        store.erase(key);
      }
    }
  }

  // Is no page wrong, and can each be put again?
  void expect_a_usable_store() const {
    file_store store{options};
    for (std::uint64_t name = 0; name < names; ++name) {
      ASSERT_NE(look_up(store, key_of(name)), found::wrong) << name;
    }
    for (std::uint64_t name = 0; name < 6; ++name) ASSERT_TRUE(put_page(store, key_of(name)));
    for (std::uint64_t name = 0; name < 6; ++name) {
      ASSERT_EQ(look_up(store, key_of(name)), found::right) << name;
    }
  }

  scratch_folder folder;
  tier::segment_options options{.path = folder / "store",
                                .fingerprint = {{1, 2}},
                                .page_bytes = 8'192,
                                .pages = 6,
                                .direct = false};
};

// All rounds use one file, which every process finds as the one before it left it.
TEST_F(file_store_crashes, a_process_that_is_killed_at_any_moment_leaves_no_wrong_page) {
  const auto seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 rng{seed};
  for (int round = 0; round < (sanitized ? 100 : 500); ++round) {
    const auto its_seed = static_cast<std::uint32_t>(rng());
    options.direct = round % 2 == 0;
    const auto status = in_a_process(
        [&] {
          file_store store{options};
          work(store, its_seed, 1'000'000);
        },
        static_cast<useconds_t>(rng() % 2'000));
    ASSERT_TRUE(WIFSIGNALED(status)) << "it found a wrong page, in round " << round;
    file_store store{options};
    for (std::uint64_t name = 0; name < names; ++name) {
      ASSERT_NE(look_up(store, key_of(name)), found::wrong) << name << ", round " << round;
    }
  }
  expect_a_usable_store();
}

// From the first write, of a new file, to those of full ones; torn after some bytes, too.
TEST_F(file_store_crashes, a_process_that_ends_at_any_write_leaves_no_wrong_page) {
  const auto fast = std::filesystem::exists("/dev/shm") ? std::filesystem::path{"/dev/shm"}
                                                        : std::filesystem::temp_directory_path();
  const scratch_folder many_files{fast};
  options.path = many_files / "store";
  for (const std::size_t written : {0U, 20U, 4'096U}) {
    for (int writes = 0;; writes += sanitized ? 3 : 1) {
      std::filesystem::remove(options.path);
      const auto status = in_a_process(
          [&] {
            trouble = {writes, written, 0};
            file_store store{options};
            work(store, 7, 30);
          },
          std::nullopt);
      ASSERT_NO_FATAL_FAILURE(expect_a_usable_store()) << writes << " writes, " << written;
      if (WIFEXITED(status)) {
        ASSERT_EQ(WEXITSTATUS(status), 0) << "a wrong page";
        ASSERT_GT(writes, 50);
        break;
      }
    }
  }
}

TEST_F(file_store_crashes, a_write_that_fails_is_reported_and_costs_no_more_than_a_page) {
  for (const auto& [error, reported] :
       {std::pair{EIO, errc::store_failed}, std::pair{ENOSPC, errc::store_full},
        std::pair{EDQUOT, errc::store_full}}) {
    for (int writes = 0; writes < 4; ++writes) {
      file_store store{options};
      for (std::uint64_t name = 0; name < 6; ++name) ASSERT_TRUE(put_page(store, key_of(name)));
      trouble = {writes, 100, error};
      ASSERT_EQ(put_page(store, key_of(9)).error(), reported) << writes;
      trouble = {};
      std::size_t right = 0;
      for (std::uint64_t name = 0; name < 6; ++name) {
        const auto got = look_up(store, key_of(name));
        ASSERT_NE(got, found::wrong);
        right += got == found::right ? 1 : 0;
      }
      EXPECT_EQ(right, 5U);
      EXPECT_NE(look_up(store, key_of(9)), found::wrong);
      ASSERT_NO_FATAL_FAILURE(expect_a_usable_store());
    }
  }
}

TEST_F(file_store_crashes, a_file_that_may_not_grow_is_full_and_keeps_what_it_has) {
  file_store store{options};
  ASSERT_TRUE(put_page(store, key_of(0)));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto limited = before;
  limited.rlim_cur = 16'384 + 8'192 + 5'000;  // the second page ends beyond that
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
  EXPECT_EQ(put_page(store, key_of(1)).error(), errc::store_full);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(look_up(store, key_of(0)), found::right);
  EXPECT_EQ(look_up(store, key_of(1)), found::miss);
  EXPECT_EQ(store.usage().entries, 1U);
  expect_a_usable_store();
}

TEST_F(file_store_crashes, processes_that_share_a_file_never_find_a_wrong_page) {
  const auto child = ::fork();
  if (child == 0) {
    file_store store{options};
    work(store, 1, sanitized ? 1'000 : 4'000);
    ::_exit(0);
  }
  {
    file_store store{options};
    std::mt19937 rng{2};
    for (int i = 0; i < (sanitized ? 1'000 : 4'000); ++i) {
      const auto key = key_of(rng() % names);
      ASSERT_NE(look_up(store, key), found::wrong);
      ASSERT_TRUE(put_page(store, key));
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0) << "a wrong page";
  expect_a_usable_store();
}

}  // namespace
}  // namespace kvfolio::test
