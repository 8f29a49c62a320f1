// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstddef>
#include <utility>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include <kvfolio/vm/memory_file.hpp>

namespace kvfolio::test {
namespace {

constexpr std::size_t mib = 1'048'576;

[[nodiscard]] std::size_t bytes_in(const vm::memory_file& file) {
  struct stat about {};
  EXPECT_EQ(::fstat(file.descriptor(), &about), 0);
  return static_cast<std::size_t>(about.st_blocks) * 512;
}

TEST(memory_file, has_the_memory_that_was_committed_and_no_other) {
  vm::memory_file file{false};
  ASSERT_TRUE(file.is_open());
  EXPECT_EQ(bytes_in(file), 0U);
  ASSERT_TRUE(file.commit(0, 3 * mib));
  ASSERT_TRUE(file.commit(std::size_t{1} << 40U, 65'536));
  EXPECT_EQ(bytes_in(file), 3 * mib + 65'536);
  file.discard(mib, mib);
  EXPECT_EQ(bytes_in(file), 2 * mib + 65'536);
}

TEST(memory_file, commits_all_or_nothing) {
  vm::memory_file file{false};
  ASSERT_TRUE(file.commit(0, 65'536));
  EXPECT_FALSE(file.commit(std::size_t{1} << 63U, 65'536)) << "no file is that long";
  // What a file may hold is limited below what is asked for; without a handler it is a signal.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{2 * mib, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  EXPECT_FALSE(file.commit(std::size_t{1} << 31U, 65'536));
  EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(bytes_in(file), 65'536U);
}

TEST(memory_file, collapsing_keeps_the_bytes) {
  vm::memory_file file{false};
  ASSERT_TRUE(file.commit(0, 2 * vm::memory_file::huge_page));
  void* const there = ::mmap(nullptr, 2 * vm::memory_file::huge_page, PROT_READ | PROT_WRITE,
                             MAP_SHARED, file.descriptor(), 0);
  ASSERT_NE(there, MAP_FAILED);
  auto* const bytes = static_cast<std::byte*>(there);
  for (std::size_t i = 0; i < 2 * vm::memory_file::huge_page; i += 4096) {
    ASSERT_EQ(bytes[i], std::byte{0});
    bytes[i] = static_cast<std::byte>(i / 4096);
  }
  RecordProperty("collapsed", file.collapse(0, 2 * vm::memory_file::huge_page) ? "yes" : "no");
  for (std::size_t i = 0; i < 2 * vm::memory_file::huge_page; i += 4096) {
    ASSERT_EQ(bytes[i], static_cast<std::byte>(i / 4096));
  }
  ::munmap(there, 2 * vm::memory_file::huge_page);
}

TEST(memory_file, moving_leaves_none) {
  vm::memory_file file{false};
  ASSERT_TRUE(file.commit(0, 65'536));
  auto moved = std::move(file);
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move): what is tested
  EXPECT_FALSE(file.is_open());
  EXPECT_EQ(bytes_in(moved), 65'536U);
  EXPECT_FALSE(vm::memory_file{}.is_open());
}

}  // namespace
}  // namespace kvfolio::test
