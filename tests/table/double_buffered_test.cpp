// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/table/double_buffered.hpp>
#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/live_csr.hpp>
#include <kvfolio/table/live_padded.hpp>

#include "../support/live_batch.hpp"
#include "../support/random_steps.hpp"

namespace kvfolio::test {
namespace {

using server = live_batch<table::flat>;
constexpr table::padding pad{.width = server::width, .id = -1};

TEST(double_buffered, each_buffer_catches_up_with_what_it_has_not_seen) {
  for_each_seed([](std::mt19937& rng) {
    server serving;
    const std::vector<std::int32_t> fresh(server::most_rows * pad.width, -7);
    std::array buffers{fresh, fresh};
    table::double_buffered<table::live_padded> live{{buffers[0], server::most_rows, pad},
                                                    {buffers[1], server::most_rows, pad}};
    std::size_t written = 0;
    std::size_t whole = 0;
    for (int step = 0; step < 3'000; ++step) {
      const auto read = live.front().buffer();
      const std::vector<std::int32_t> before{read.begin(), read.end()};
      serving.step(rng);
      const auto batch = serving.batch(rng);
      written += live.update(batch).value();
      ASSERT_NE(live.front().buffer().data(), read.data()) << "kernels still read that one";
      ASSERT_TRUE(std::ranges::equal(before, read)) << "at step " << step;
      std::vector<std::int32_t> expected(batch.size() * pad.width);
      whole += table::export_padded(batch, expected, pad).value();
      ASSERT_TRUE(std::ranges::equal(live.front().buffer().first(expected.size()), expected))
          << "at step " << step;
    }
    EXPECT_LT(written * 4, whole) << "little of it changes, though each buffer sees half the steps";
  });
}

TEST(double_buffered, compressed_rows_take_turns_too) {
  for_each_seed([](std::mt19937& rng) {
    server serving;
    constexpr auto rows = server::most_rows;
    std::vector<std::int32_t> arrays(2 * (rows + 1 + rows + rows * server::width));
    auto rest = std::span{arrays};
    const auto cut = [&rest](std::size_t size) {
      const auto part = rest.first(size);
      rest = rest.subspan(size);
      return part;
    };
    const auto buffers = [&] {
      return table::csr_buffers{cut(rows + 1), cut(rows * server::width), cut(rows)};
    };
    table::double_buffered<table::live_csr> live{{buffers(), rows, server::per_page},
                                                 {buffers(), rows, server::per_page}};
    for (int step = 0; step < 1'000; ++step) {
      serving.step(rng);
      const auto batch = serving.batch(rng);
      ASSERT_TRUE(live.update(batch));
      std::vector<std::int32_t> indptr(rows + 1);
      std::vector<std::int32_t> indices(rows * server::width);
      std::vector<std::int32_t> last(rows);
      const auto used = table::export_csr(batch, {indptr, indices, last}, server::per_page).value();
      const auto& front = live.front().buffer();
      ASSERT_TRUE(std::equal(indices.begin(), indices.begin() + static_cast<int>(used),
                             front.indices.begin()))
          << "at step " << step;
      ASSERT_EQ(front.indptr[batch.size()], static_cast<std::int32_t>(used));
    }
  });
}

TEST(double_buffered, a_failed_update_leaves_the_turn_where_it_was) {
  server serving;
  std::mt19937 rng{1};
  for (int step = 0; step < 5; ++step) serving.step(rng);
  std::vector<std::int32_t> small(server::most_rows);
  std::vector<std::int32_t> large(server::most_rows * pad.width);
  table::double_buffered<table::live_padded> live{{large, server::most_rows, pad},
                                                  {small, server::most_rows, {.width = 1}}};
  const auto batch = serving.batch(rng);
  ASSERT_GT(table::measure(batch).widest, 1U);
  EXPECT_TRUE(live.update(batch));
  EXPECT_EQ(live.update(batch).error(), errc::buffer_too_small);
  EXPECT_EQ(live.update(batch).error(), errc::buffer_too_small);
  EXPECT_EQ(live.front().buffer().data(), large.data());
}

}  // namespace
}  // namespace kvfolio::test
