// SPDX-License-Identifier: Apache-2.0
// What does it cost to fork a sequence, to write first after a fork, and to step a beam search?
//
// The caches here have no bytes, and their copies are counted by nobody and carried out by nobody:
// what is timed is everything but the copy itself. The floors do the same to bare arrays: they copy
// the row (flat) or the two or three nodes on the way to its end (persistent), take a page from a
// stack and move the counts that must move, and check nothing.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/persistent.hpp>

#include "support/no_copies.hpp"
#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::uint32_t per_page = 16;
constexpr std::size_t long_row = 4'000;  // pages
constexpr std::size_t short_row = 256;   // pages
constexpr std::size_t beams = 8;
constexpr std::size_t children = 128;  // forks that wait for their first write at a time
constexpr std::uint32_t pool_pages = 8'192;

template <class Table>
struct policies : default_policies {
  using memory = kvfolio::memory::unbacked;
  using page_table = Table;
  using copies = no_copies;
};

// A cache with one sequence of `pages` pages, the last of which has room.
template <class Table>
struct parent_of {
  explicit parent_of(std::size_t pages) { parent.append(pages * per_page - per_page / 2).value(); }

  paged_cache<policies<Table>> cache{{.shape = model::grouped_query(1, 1, 8, dtype::f16),
                                      .tokens_per_page = per_page,
                                      .pages = pool_pages,
                                      .max_sequences = children + 2,
                                      .max_tokens = (long_row + 64) * per_page}};
  typename paged_cache<policies<Table>>::sequence parent = cache.create().value();
};

// Rows, counts and a stack of pages without a cache around them.
struct bare_arrays {
  using node = std::array<std::uint32_t, 16>;  // a cache line, as in `table::persistent`

  explicit bare_arrays(std::size_t row_pages) : pages{row_pages} {
    std::iota(free.begin(), free.end(), 0U);
    std::iota(row(0), row(1), 0U);
  }

  std::uint32_t* row(std::size_t number) { return &rows[number * (long_row + 64)]; }
  void copy_row(std::size_t to) { std::memcpy(row(to), row(0), pages * sizeof(std::uint32_t)); }
  void copy_nodes(std::size_t to) { std::copy_n(&nodes[0], depth, &nodes[to * 4]); }
  std::uint32_t move_to_fresh(std::uint32_t old) {
    --counts[old];
    const auto fresh = free[--top];
    ++counts[fresh];
    return fresh;
  }
  void give_back(std::uint32_t page) {
    --counts[page];
    free[top++] = page;
  }

  std::size_t pages;
  std::size_t depth = pages > 256 ? 3 : 2;
  std::vector<std::uint32_t> rows = std::vector<std::uint32_t>((children + 1) * (long_row + 64));
  std::vector<node> nodes = std::vector<node>((children + 1) * 4);
  std::vector<std::uint32_t> counts = std::vector<std::uint32_t>(pool_pages, 1);
  std::vector<std::uint32_t> free = std::vector<std::uint32_t>(pool_pages);
  std::size_t top = pool_pages;
};

template <class Fixture, class Run>
body with(std::size_t pages, Run run) {
  return [fixture = std::make_shared<Fixture>(pages), run](benchmark::State& state) {
    run(*fixture, state);
  };
}

constexpr int batch = 1'024;

// Fork and release.
constexpr auto fork_and_release = [](auto& of, benchmark::State& state) {
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i) {
      auto child = of.parent.fork().value();
      benchmark::DoNotOptimize(std::as_const(child));
      child.release();
      benchmark::ClobberMemory();
    }
  }
};

template <bool CopiesRow>
void count_up_and_down(bare_arrays& bare, benchmark::State& state) {
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i) {
      if constexpr (CopiesRow) bare.copy_row(1);
      ++bare.counts[0];
      benchmark::ClobberMemory();
      --bare.counts[0];
      benchmark::ClobberMemory();
    }
  }
}

// First write after a fork, into a page that parent and child share. Only the writes are timed.
constexpr auto first_write = [](auto& of, benchmark::State& state) {
  std::array<decltype(of.parent.fork().value()), children> forks;
  while (state.KeepRunningBatch(children)) {
    state.PauseTiming();
    for (auto& child : forks) child = of.parent.fork().value();
    state.ResumeTiming();
    for (auto& child : forks) {
      if (!child.append(1)) return state.SkipWithError("the pool is too small");
      benchmark::ClobberMemory();
    }
  }
};

template <bool CopiesNodes>
void take_and_replace(bare_arrays& bare, benchmark::State& state) {
  while (state.KeepRunningBatch(children)) {
    state.PauseTiming();
    for (std::size_t child = 1; child <= children; ++child) {
      const auto last = bare.row(child)[bare.pages - 1];
      if (last != 0) bare.give_back(last);
      bare.copy_row(child);
      bare.row(child)[bare.pages - 1] = 0;  // the parent's
      ++bare.counts[0];
    }
    state.ResumeTiming();
    for (std::size_t child = 1; child <= children; ++child) {
      if constexpr (CopiesNodes) bare.copy_nodes(child);
      auto& last = bare.row(child)[bare.pages - 1];
      last = bare.move_to_fresh(last);
      benchmark::ClobberMemory();
    }
  }
}

// Steps of a beam search: each beam goes on from a chosen one of the last step, and grows by a
// token. Every 64 steps all begin anew from one parent, untimed.
constexpr int steps = 64;

std::vector<std::array<std::size_t, beams>> chosen_parents() {
  std::mt19937 rng{20'260};
  std::vector<std::array<std::size_t, beams>> chosen(steps);
  for (auto& parents : chosen) {
    for (auto& parent : parents) parent = rng() % beams;
  }
  return chosen;
}

constexpr auto beam_step = [](auto& of, benchmark::State& state) {
  const auto chosen = chosen_parents();
  std::array<decltype(of.parent.fork().value()), beams> alive;
  std::array<decltype(of.parent.fork().value()), beams> next;
  while (state.KeepRunningBatch(steps)) {
    state.PauseTiming();
    for (auto& beam : alive) beam = of.parent.fork().value();
    state.ResumeTiming();
    for (const auto& parents : chosen) {
      for (std::size_t i = 0; i < beams; ++i) next[i] = alive[parents[i]].fork().value();
      std::swap(alive, next);
      for (auto& old : next) old.release();
      for (auto& beam : alive) {
        if (!beam.append(1)) return state.SkipWithError("the pool is too small");
      }
      benchmark::ClobberMemory();
    }
  }
};

template <bool CopiesRow>
void bare_beam_step(bare_arrays& bare, benchmark::State& state) {
  const auto chosen = chosen_parents();
  std::array<std::uint32_t, beams> last{};
  while (state.KeepRunningBatch(steps)) {
    for (const auto& parents : chosen) {
      for (std::size_t i = 0; i < beams; ++i) {
        if constexpr (CopiesRow) bare.copy_row(1 + i);
        ++bare.counts[bare.row(0)[parents[i]]];
        benchmark::ClobberMemory();
      }
      for (auto& page : last) {
        if (page != 0) bare.give_back(page);
        benchmark::ClobberMemory();
      }
      for (std::size_t i = 0; i < beams; ++i) {
        if constexpr (!CopiesRow) bare.copy_nodes(1 + i);
        last[i] = bare.move_to_fresh(bare.row(0)[parents[i]]);
        benchmark::ClobberMemory();
      }
    }
  }
}

// One sequence that grows by a token at a time; emptied, untimed, when it has 256 pages.
constexpr auto decode = [](auto& of, benchmark::State& state) {
  constexpr auto tokens = static_cast<int>(short_row * per_page);
  auto growing = of.cache.create().value();
  while (state.KeepRunningBatch(tokens)) {
    state.PauseTiming();
    growing.truncate(0);
    state.ResumeTiming();
    for (int i = 0; i < tokens; ++i) {
      if (!growing.append(1)) return state.SkipWithError("the pool is too small");
      benchmark::ClobberMemory();
    }
  }
};

void count_tokens(bare_arrays& bare, benchmark::State& state) {
  constexpr auto tokens = static_cast<int>(short_row * per_page);
  std::size_t length = 0;
  benchmark::DoNotOptimize(&length);
  while (state.KeepRunningBatch(tokens)) {
    state.PauseTiming();
    for (; length != 0; length -= per_page) bare.give_back(bare.row(1)[length / per_page - 1]);
    state.ResumeTiming();
    for (int i = 0; i < tokens; ++i) {
      if (length % per_page == 0) bare.row(1)[length / per_page] = bare.free[--bare.top];
      ++length;
      benchmark::ClobberMemory();
    }
  }
}

void fill(suite& suite) {
  using flat = parent_of<table::flat>;
  using persistent = parent_of<table::persistent>;
  for (const auto pages : {short_row, long_row}) {
    const auto of = ", " + std::to_string(pages) + " pages";
    const bool is_short = pages == short_row;
    const auto row = suite.add_floor("row copied, one count up and down" + of,
                                     with<bare_arrays>(pages, count_up_and_down<true>));
    const auto count = suite.add_floor("one count up and down",
                                       with<bare_arrays>(pages, count_up_and_down<false>));
    suite.ask("fork + release, flat" + of, row, with<flat>(pages, fork_and_release),
              {.ns = is_short ? 40.0 : 0.0});
    suite.ask("fork + release, persistent" + of, count, with<persistent>(pages, fork_and_release),
              {.ns = 10});

    const auto entry = suite.add_floor("page taken, entry replaced, two counts moved" + of,
                                       with<bare_arrays>(pages, take_and_replace<false>));
    const auto nodes = suite.add_floor("the same and nodes copied" + of,
                                       with<bare_arrays>(pages, take_and_replace<true>));
    suite.ask("first write, flat" + of, entry, with<flat>(pages, first_write), {.ns = 60});
    suite.ask("first write, persistent" + of, nodes, with<persistent>(pages, first_write),
              {.ns = 60});

    const auto rows_step = suite.add_floor("8 rows copied, 8 pages taken and given" + of,
                                           with<bare_arrays>(pages, bare_beam_step<true>));
    const auto nodes_step = suite.add_floor("8 times nodes copied, 8 pages taken and given" + of,
                                            with<bare_arrays>(pages, bare_beam_step<false>));
    suite.ask("beam step, width 8, flat" + of, rows_step, with<flat>(pages, beam_step));
    suite.ask("beam step, width 8, persistent" + of, nodes_step, with<persistent>(pages, beam_step),
              {.ns = 1'200});
  }
  const auto counted = suite.add_floor("a count up, a page taken every 16th time",
                                       with<bare_arrays>(short_row, count_tokens));
  suite.ask("append(1), flat", counted, with<flat>(short_row, decode));
  suite.ask("append(1), persistent", counted, with<persistent>(short_row, decode));
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite(
      "fork_write", "Cost of forking, of the first write after a fork, and of beam search.",
      kvfolio::bench::fill, argc, argv);
}
