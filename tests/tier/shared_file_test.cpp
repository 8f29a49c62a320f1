// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fcntl.h>

#include <gtest/gtest.h>

#include <kvfolio/tier/shared_file.hpp>

#include "../support/scratch_folder.hpp"

namespace kvfolio::test {
namespace {

using tier::shared_file;

TEST(shared_file, reads_what_was_written_and_no_more_than_there_is) {
  const scratch_folder folder;
  shared_file file{folder / "file", false};
  std::array<std::byte, 8> bytes{};
  EXPECT_EQ(file.read_at(0, bytes), 0U);
  bytes.fill(std::byte{7});
  ASSERT_TRUE(file.write_at(100, bytes));
  std::array<std::byte, 8> back{};
  EXPECT_EQ(file.read_at(100, back), 8U);
  EXPECT_EQ(back, bytes);
  EXPECT_EQ(file.read_at(103, back), 5U);
  EXPECT_EQ(file.read_at(0, back), 8U);
  EXPECT_EQ(back[0], std::byte{});  // a hole
  file.resize(104);
  file.flush();
  const shared_file moved = std::move(file);
  EXPECT_EQ(moved.read_at(100, back), 4U);
}

TEST(shared_file, makes_a_file_that_nobody_else_may_read) {
  const scratch_folder folder;
  const shared_file file{folder / "file", false};
  EXPECT_EQ(std::filesystem::status(folder / "file").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(shared_file, says_which_file_it_cannot_open_and_why) {
  const scratch_folder folder;
  try {
    const shared_file file{folder / "no/file", false};
    FAIL() << "it was opened";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string{error.what()}.find("no/file: No such file"), std::string::npos)
        << error.what();
  }
}

TEST(shared_file, a_device_without_room_is_full) {
  const shared_file full{"/dev/full", false};
  const std::array<std::byte, 8> bytes{};
  EXPECT_EQ(full.write_at(0, bytes).error(), errc::store_full);
}

TEST(shared_file, locks_hold_against_other_handles_of_the_same_file) {
  const scratch_folder folder;
  shared_file one{folder / "file", false};
  shared_file other{folder / "file", false};
  EXPECT_TRUE(one.lock(5, F_WRLCK, true));
  EXPECT_FALSE(other.lock(5, F_RDLCK, false));
  EXPECT_TRUE(other.lock(6, F_WRLCK, false));
  EXPECT_TRUE(one.lock(5, F_RDLCK, false));
  EXPECT_TRUE(other.lock(5, F_RDLCK, false));
  EXPECT_FALSE(one.lock(5, F_WRLCK, false));
  EXPECT_TRUE(other.lock(5, F_UNLCK, false));
  EXPECT_TRUE(one.lock(5, F_WRLCK, false));
}

}  // namespace
}  // namespace kvfolio::test
