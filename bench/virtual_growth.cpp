// SPDX-License-Identifier: Apache-2.0
// What does it cost that a cache is contiguous in virtual memory?
//
// *Growth*: eight sequences decode a token a step, each at another place of its rows. A step reads
// 24 MiB and writes the token's keys and values; before that it must have rows for all, and what
// that takes is the stall, in time that passed. The floor maps rows inside the call; a worker that
// maps ahead may cost 5 % of that, or a part of the step. There are 64 tensors with chunks of 64
// KiB, or 8 with chunks of 2 MiB; tokens of 2 KiB in each. *Warm* rows have memory, *cold* ones
// are given it first.
//
// *Recycling*: a sequence comes, writes into each 4 KiB of a row, and ends. The floor does the same
// where everything is always mapped. As information, the same with all mappings undone.
//
// *Reading*: the sum of 128 MiB of keys, in views whose chunks lie in physical memory as they come.
// The floor is an array: of small pages for chunks of 64 KiB, which have such, of huge pages for
// chunks of 2 MiB. As information, small pages to huge ones, which is what the processor makes of
// them; and an array read by pages of 16 KiB in random order, as paged kernels do.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sched.h>

#include <benchmark/benchmark.h>

#include <kvfolio/memory/block.hpp>
#include <kvfolio/memory/mapped.hpp>
#include <kvfolio/vm/background_extension.hpp>
#include <kvfolio/vm/linux_backend.hpp>
#include <kvfolio/vm/per_layer.hpp>
#include <kvfolio/vm/synchronous_extension.hpp>
#include <kvfolio/vm/virtual_slots.hpp>

#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::size_t kib = 1'024;
constexpr std::size_t mib = 1'024 * kib;
constexpr std::size_t token_bytes = 2 * kib;  // in one tensor

using array = memory::block<memory::mapped>;

[[nodiscard]] std::uint64_t sum_of(std::span<const std::uint64_t> numbers) noexcept {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}
[[nodiscard]] std::span<const std::uint64_t> numbers_at(const std::byte* first,
                                                        std::size_t bytes) noexcept {
  return {reinterpret_cast<const std::uint64_t*>(first), bytes / sizeof(std::uint64_t)};
}

// Memory, rows and slots of a cache whose tensors have tokens of 2 KiB.
struct slots_of_chunks {
  slots_of_chunks(std::uint32_t tensors, std::size_t chunk_bytes, vm::page_kind pages,
                  std::uint32_t slots, std::uint32_t rows_per_slot, std::uint32_t prefilled)
      : layout{model::grouped_query(tensors / 2, 8, 128, dtype::f16), chunk_bytes},
        backend{vm::linux_options{
            .capacity = std::size_t{slots} * rows_per_slot * tensors * chunk_bytes,
            .granule = chunk_bytes,
            .pages = pages}},
        rows{backend,
             {.chunk_bytes = chunk_bytes,
              .rows = slots * rows_per_slot,
              .chunks_per_row = vm::chunks_per_row(layout),
              .prefilled = prefilled}},
        sequences{backend, rows, layout, {.slots = slots, .rows_per_slot = rows_per_slot}} {}

  // As work of an extension.
  [[nodiscard]] result<void> extend(std::uint32_t slot) noexcept { return sequences.extend(slot); }
  [[nodiscard]] bool prepare() noexcept { return sequences.prepare(); }
  // The worker has time: when it wakes on the processor of whoever decodes, it lets him go on.
  [[nodiscard]] result<void> bind_thread() noexcept {
    const sched_param no_priority{};
    ::sched_setscheduler(0, SCHED_BATCH, &no_priority);
    return sequences.bind_thread();
  }

  [[nodiscard]] std::byte* entry(std::uint32_t tensor, std::uint32_t slot,
                                 std::size_t token) const noexcept {
    return sequences.map().data(tensor, slot) + token * token_bytes;
  }
  void unmap_everything() noexcept {
    sequences.complete(vm::epoch{++now});
    while (sequences.reclaim_one()) continue;
  }

  vm::per_layer layout;
  vm::linux_backend backend;
  vm::chunk_pool<vm::linux_backend> rows;
  vm::virtual_slots<vm::linux_backend> sequences;
  std::uint64_t now = 0;
};

enum class temperature : std::uint8_t { warm, cold };

struct growth {
  std::uint32_t tensors;
  std::size_t chunk_bytes;
  vm::page_kind pages;
  std::uint32_t rows_per_slot;
  std::uint32_t look_ahead;  // tokens
  temperature memory;
};

// Eight sequences that decode; each begins with half a row, and again when its slot is full.
template <template <class> class Extension>
class decode {
 public:
  explicit decode(const growth& of)
      : of_{of},
        cache_{of.tensors, of.chunk_bytes,   of.pages,
               batch,      of.rows_per_slot, of.memory == temperature::warm ? UINT32_MAX : 0},
        extension_{cache_,
                   {.slots = batch,
                    .rows_per_slot = of.rows_per_slot,
                    .tokens_per_row = cache_.layout.tokens_per_row(),
                    .look_ahead = of.look_ahead}},
        read_{{}, 24 * mib} {
    std::memset(read_.bytes().data(), 1, read_.bytes().size());
    const auto row = cache_.layout.tokens_per_row();
    const auto life = (of.rows_per_slot - 1) * row;
    for (std::uint32_t i = 0; i < batch; ++i) begin(row / 2 + i * life / batch);
  }
  decode(const decode&) = delete;
  decode& operator=(const decode&) = delete;
  ~decode() {
    for (auto& each : running_) extension_.stop(each.slot);
  }

  struct times {
    double stall;  // seconds
    double step;
  };
  [[nodiscard]] times step() {
    for (auto& each : running_) {
      if (each.tokens ==
          cache_.layout.tokens_per_row() * of_.rows_per_slot - cache_.layout.tokens_per_row() / 2) {
        begin_again(each);
      }
    }
    using std::chrono::steady_clock;
    const auto start = steady_clock::now();
    extension_.step();
    for (auto& each : running_) {
      extension_.ensure(each.slot, ++each.tokens).value();
      extension_.advance(each.slot, each.tokens);
    }
    const auto mapped = steady_clock::now();
    for (const auto& each : running_) write(each.slot, each.tokens - 1);
    benchmark::DoNotOptimize(sum_of(numbers_at(read_.bytes().data(), read_.bytes().size())));
    const auto end = steady_clock::now();
    const std::chrono::duration<double> stall = mapped - start;
    const std::chrono::duration<double> all = end - start;
    return {stall.count(), all.count()};
  }

 private:
  static constexpr std::uint32_t batch = 8;
  struct running_sequence {
    std::uint32_t slot;
    std::uint32_t tokens;
  };

  void begin(std::uint32_t tokens) {
    const auto slot =
        extension_.with([](slots_of_chunks& cache) { return cache.sequences.acquire().value(); });
    extension_.start(slot, 0);
    extension_.ensure(slot, tokens).value();
    for (std::uint32_t token = 0; token < tokens; ++token) write(slot, token);
    running_.push_back({slot, tokens});
  }
  // Its rows are unmapped in between, and lose their memory where it is to be cold.
  void begin_again(running_sequence& ended) {
    extension_.stop(ended.slot);
    extension_.with([&](slots_of_chunks& cache) {
      cache.sequences.retire(ended.slot, vm::epoch{cache.now});
      cache.unmap_everything();
      if (of_.memory == temperature::cold) cache.rows.cool(SIZE_MAX);
    });
    std::swap(ended, running_.back());
    running_.pop_back();
    begin(cache_.layout.tokens_per_row() / 2);
  }
  void write(std::uint32_t slot, std::uint32_t token) {
    for (std::uint32_t tensor = 0; tensor < of_.tensors; ++tensor) {
      std::memset(cache_.entry(tensor, slot, token), static_cast<int>(token), token_bytes);
    }
  }

  growth of_;
  slots_of_chunks cache_;
  Extension<slots_of_chunks> extension_;
  array read_;
  std::vector<running_sequence> running_;
};

// What several bodies need, made when the first of them runs: pools of hundreds of megabytes, that
// nobody pays for who does not ask.
template <class State>
class shared_state {
 public:
  template <class... Arguments>
  explicit shared_state(Arguments... arguments)
      : made_{std::make_shared<std::optional<State>>()},
        make_{[arguments...](std::optional<State>& to) { to.emplace(arguments...); }} {}

  template <class Run>
  [[nodiscard]] body operator()(Run run) const {
    return [made = made_, make = make_, run](benchmark::State& state) {
      if (!*made) make(*made);
      run(**made, state);
    };
  }

 private:
  std::shared_ptr<std::optional<State>> made_;
  std::function<void(std::optional<State>&)> make_;
};

// What is asked of growth; bars that are 0 ask nothing.
struct growth_bars {
  double of_call = 0;  // the stall, to that of mapping in the call
  double of_step = 0;  // the stall, to the whole step
};

void ask_growth(suite& suite, const std::string& how, const growth& of, growth_bars most) {
  const auto stall = [](auto& decoding, benchmark::State& state) {
    for (auto _ : state) state.SetIterationTime(decoding.step().stall);
  };
  const auto whole = [](auto& decoding, benchmark::State& state) {
    for (auto _ : state) state.SetIterationTime(decoding.step().step);
  };
  const shared_state<decode<vm::background_extension>> ahead{of};
  if (most.of_call != 0) {
    const shared_state<decode<vm::synchronous_extension>> in_call{of};
    const auto floor =
        suite.add_floor("stall of a step, mapped in the call, " + how, in_call(stall), clock::told);
    suite.ask("stall of a step, to that in the call, " + how, floor, ahead(stall),
              {.ratio = most.of_call}, clock::told);
  }
  if (most.of_step != 0) {
    const auto floor = suite.add_floor("a step, " + how, ahead(whole), clock::told);
    suite.ask("stall of a step, to the step, " + how, floor, ahead(stall), {.ratio = most.of_step},
              clock::told);
  }
}

// One row of 64 chunks of 64 KiB.
struct recycled {
  recycled() : cache{64, 64 * kib, vm::page_kind::small, 4, 2, UINT32_MAX} {
    slot = cache.sequences.acquire().value();
    cache.sequences.extend(slot).value();
    write();
  }
  void write() noexcept {
    for (std::uint32_t tensor = 0; tensor < 64; ++tensor) {
      auto* const first = cache.entry(tensor, slot, 0);
      for (std::size_t at = 0; at < 64 * kib; at += 4 * kib) first[at] = std::byte{1};
    }
    benchmark::ClobberMemory();
  }
  void begin() {
    slot = cache.sequences.acquire(1).value();
    cache.sequences.extend(slot).value();
  }
  void end() noexcept { cache.sequences.retire(slot, vm::epoch{cache.now}); }

  slots_of_chunks cache;
  std::uint32_t slot;
};

void ask_recycling(suite& suite) {
  const shared_state<recycled> of_row;
  const auto floor =
      suite.add_floor("a row, always mapped", of_row([](recycled& row, benchmark::State& state) {
                        for (auto _ : state) row.write();
                      }));
  suite.ask("a row, its slot reused", floor, of_row([](recycled& row, benchmark::State& state) {
              for (auto _ : state) {
                row.end();
                row.begin();
                row.write();
              }
            }),
            {.ratio = 1.2});
  suite.ask("a row, unmapped and mapped again", floor,
            of_row([](recycled& row, benchmark::State& state) {
              for (auto _ : state) {
                row.end();
                row.cache.unmap_everything();
                row.begin();
                row.write();
              }
            }));
}

constexpr std::size_t read_bytes = 128 * mib;

// The keys of one layer: a sequence whose chunks come in random order.
struct contiguous_keys {
  contiguous_keys(std::size_t chunk_bytes, vm::page_kind pages)
      : cache{
            2,         chunk_bytes, pages, 1, static_cast<std::uint32_t>(read_bytes / chunk_bytes),
            UINT32_MAX} {
    std::vector<page_id> rows;
    while (const auto row = cache.rows.take()) rows.push_back(*row);
    std::shuffle(rows.begin(), rows.end(), std::mt19937{20'260});
    for (const auto row : rows) cache.rows.unpin(row);
    const auto slot = cache.sequences.acquire().value();
    while (cache.sequences.extend(slot)) continue;
    keys = {cache.entry(0, slot, 0), read_bytes};
    std::memset(keys.data(), 1, keys.size());
  }
  slots_of_chunks cache;
  std::span<std::byte> keys;
};

// An array of huge pages, and one of small ones.
struct plain_keys {
  plain_keys() : small(read_bytes / sizeof(std::uint64_t), 1), order(read_bytes / page_bytes) {
    std::memset(huge.bytes().data(), 1, read_bytes);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937{20'260});
  }
  static constexpr std::size_t page_bytes = 16 * kib;
  array huge{{}, read_bytes};
  std::vector<std::uint64_t> small;
  std::vector<std::size_t> order;  // of pages
};

void ask_reading(suite& suite) {
  const shared_state<plain_keys> keys;
  const auto of_small = suite.add_floor("128 MiB of keys, an array",
                                        keys([](plain_keys& all, benchmark::State& state) {
                                          for (auto _ : state)
                                            benchmark::DoNotOptimize(sum_of(all.small));
                                        }));
  const auto of_huge = suite.add_floor(
      "128 MiB of keys, an array of huge pages", keys([](plain_keys& all, benchmark::State& state) {
        for (auto _ : state) {
          benchmark::DoNotOptimize(sum_of(numbers_at(all.huge.bytes().data(), read_bytes)));
        }
      }));
  const auto gathered = keys([](plain_keys& all, benchmark::State& state) {
    const std::span<const std::uint64_t> numbers{all.small};
    const auto each = plain_keys::page_bytes / sizeof(std::uint64_t);
    for (auto _ : state) {
      std::uint64_t sum = 0;
      for (const auto page : all.order) sum += sum_of(numbers.subspan(page * each, each));
      benchmark::DoNotOptimize(sum);
    }
  });
  const auto view = [](contiguous_keys& all, benchmark::State& state) {
    for (auto _ : state) {
      benchmark::DoNotOptimize(sum_of(numbers_at(all.keys.data(), read_bytes)));
    }
  };
  const bar at_95_percent{.ratio = 1 / 0.95};
  const shared_state<contiguous_keys> small{64 * kib, vm::page_kind::small};
  const shared_state<contiguous_keys> huge{2 * mib, vm::page_kind::collapsed};
  suite.ask("128 MiB of keys, a view of chunks of 64 KiB", of_small, small(view), at_95_percent);
  suite.ask("128 MiB of keys, a view of chunks of 2 MiB, to huge pages", of_huge, huge(view),
            at_95_percent);
  suite.ask("128 MiB of keys, a view of chunks of 64 KiB, to huge pages", of_huge, small(view));
  suite.ask("128 MiB of keys, gathered by pages of 16 KiB", of_small, gathered);
}

void fill(suite& suite) {
  ask_growth(suite, "64 KiB, warm",
             {.tensors = 64,
              .chunk_bytes = 64 * kib,
              .pages = vm::page_kind::small,
              .rows_per_slot = 5,
              .look_ahead = 16,
              .memory = temperature::warm},
             {.of_call = 0.05, .of_step = 0.01});
  ask_growth(suite, "2 MiB, warm",
             {.tensors = 8,
              .chunk_bytes = 2 * mib,
              .pages = vm::page_kind::collapsed,
              .rows_per_slot = 2,
              .look_ahead = 64,
              .memory = temperature::warm},
             {.of_step = 0.015});
  ask_growth(suite, "2 MiB, cold",
             {.tensors = 8,
              .chunk_bytes = 2 * mib,
              .pages = vm::page_kind::small,
              .rows_per_slot = 2,
              .look_ahead = 128,
              .memory = temperature::cold},
             {.of_call = 0.1});
  ask_recycling(suite);
  ask_reading(suite);
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("virtual_growth", "Cost of being contiguous in virtual memory.",
                                   kvfolio::bench::fill, argc, argv);
}
