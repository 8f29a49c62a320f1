// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <kvfolio/partition/concept.hpp>

namespace kvfolio::test {

/// Holds every operation of one rank of a communicator to its promise; all ranks call it together.
/// Throws instead of failing a test, as ranks may be threads and processes.
/// \throws std::logic_error naming what is wrong
template <partition::communicator Communicator>
void hold_to_promises(Communicator& c) {
  const auto expect = [&c](bool holds, const char* what) {
    if (!holds) throw std::logic_error("rank " + std::to_string(c.rank()) + ": " + what);
  };
  const auto size = c.size();
  const auto value = [](std::uint32_t rank, std::size_t i) {
    return static_cast<float>(rank + 1) * static_cast<float>(i + 1);  // sums are exact
  };
  const auto total = static_cast<float>(size * (size + 1) / 2);
  for (const std::size_t count : {std::size_t{1}, std::size_t{5}, std::size_t{3000}}) {
    std::vector<float> mine(count);
    std::vector<float> all(count * size);
    for (std::size_t i = 0; i < count; ++i) mine[i] = value(c.rank(), i);

    auto summed = mine;
    c.all_reduce(summed);
    for (std::size_t i = 0; i < count; ++i) {
      expect(summed[i] == total * static_cast<float>(i + 1), "all_reduce is not the sum");
    }
    c.all_gather(mine, all);
    for (std::uint32_t rank = 0; rank < size; ++rank) {
      for (std::size_t i = 0; i < count; ++i) {
        expect(all[rank * count + i] == value(rank, i), "all_gather is not in the order of ranks");
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = value(c.rank(), i);
    c.reduce_scatter(all, mine);
    for (std::size_t i = 0; i < count; ++i) {
      expect(mine[i] == total * static_cast<float>(c.rank() * count + i + 1),
             "reduce_scatter is not this rank's part of the sum");
    }
    if (size == 1) continue;
    const auto next = (c.rank() + 1) % size;
    const auto before = (c.rank() + size - 1) % size;
    std::vector<float> letter(count, static_cast<float>(c.rank()));
    std::vector<float> second(count, static_cast<float>(c.rank()) + 0.5F);
    std::vector<float> got(count);
    const auto receive_both = [&] {
      c.receive(got, before);
      expect(got.front() == static_cast<float>(before), "what was sent first comes first");
      c.receive(got, before);
      expect(got.back() == static_cast<float>(before) + 0.5F, "and then what was sent next");
    };
    if (c.rank() % 2 == 1) receive_both();  // a send may wait for its receiver
    c.send(letter, next);
    c.send(second, next);
    if (c.rank() % 2 == 0) receive_both();
  }
}

}  // namespace kvfolio::test
