// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

#include <kvfolio/tier/departure.hpp>

namespace kvfolio::test {

/// Returns a departure of any length up to `most` tokens, to any store.
inline departure any_departure(std::mt19937& rng, std::uint64_t most) {
  departure leaving;
  leaving.tokens = rng() % (most + 1);
  leaving.tokens_per_page = 1 + rng() % 64;
  leaving.context = std::uint64_t{leaving.tokens_per_page} * (rng() % 64);
  leaving.page_bytes = leaving.tokens_per_page * (1 + rng() % 800'000);
  leaving.copies = 1 + rng() % (1 + 64 * leaving.pages());
  leaving.waits_until_out = rng() % 2 == 0;
  const auto all = leaving.pages() * leaving.page_bytes;
  const std::uint64_t rooms[] = {0, leaving.page_bytes, all / 2, all, UINT64_MAX};
  leaving.free_bytes = rooms[rng() % 5];
  return leaving;
}

}  // namespace kvfolio::test
