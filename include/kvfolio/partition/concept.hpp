// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

namespace kvfolio::partition {

/// What ranks of a partition talk through. Each rank has one, and all call the same collectives in
/// the same order, with spans of equal sizes; a call returns when its result is there. Results are
/// the same on every rank, bit for bit.
///
/// | expression | meaning |
/// |---|---|
/// | `c.rank()`, `c.size()` | which rank this is, of how many |
/// | `c.all_reduce(values)` | every rank's `values` become the sum of all ranks' |
/// | `c.all_gather(mine, all)` | `all` becomes every rank's `mine`, in the order of ranks |
/// | `c.reduce_scatter(all, mine)` | `mine` becomes this rank's part of the sum of all ranks' `all` |
/// | `c.send(values, to)` | gives `values` to rank `to`, which receives them in the order of sending |
/// | `c.receive(values, from)` | waits for `values.size()` values of rank `from` |
///
/// Precondition: `all.size() == mine.size() * size()`; `to` and `from` are other ranks.
/// Environments that fail throw `std::runtime_error`.
template <class C>
concept communicator = requires(C& c, std::span<float> values, std::span<const float> constant,
                                std::uint32_t rank) {
  { c.rank() } -> std::same_as<std::uint32_t>;
  { c.size() } -> std::same_as<std::uint32_t>;
  c.all_reduce(values);
  c.all_gather(constant, values);
  c.reduce_scatter(constant, values);
  c.send(constant, rank);
  c.receive(values, rank);
};

}  // namespace kvfolio::partition
