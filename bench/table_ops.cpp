// SPDX-License-Identifier: Apache-2.0
// What do page tables cost beside each other: to fork, to grow, to read, to slide a window; and
// what does a step of a beam search cost with all of it around?
//
// Caches have no bytes, and carry out no copies. Their pages were handed out in turns to two
// sequences, so that no two of a row follow on each other, which is the worst case of `run_length`;
// "in runs" is its best. The floors do the same to plain arrays and check nothing.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/beams.hpp>
#include <kvfolio/copies/host_copies.hpp>
#include <kvfolio/cow_page.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/persistent.hpp>
#include <kvfolio/table/run_length.hpp>
#include <kvfolio/table/tracked.hpp>
#include <kvfolio/table/two_level.hpp>

#include "support/no_copies.hpp"
#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::uint32_t per_page = 16;
constexpr std::size_t row_pages = 256;
constexpr std::size_t long_row = 4'000;
constexpr std::size_t width = 8;  // of a beam search
constexpr int batch = 1'024;

template <class Table>
struct policies : default_policies {
  using memory = kvfolio::memory::unbacked;
  using page_table = Table;
  using copies = no_copies;
};

// A cache with a sequence of 256 pages, the last of which has room.
template <class Table>
struct parent_of {
  explicit parent_of(bool in_runs) {
    auto other = cache.create().value();
    for (std::size_t page = 0; page < row_pages; ++page) {
      parent.append(page + 1 == row_pages ? per_page / 2 : per_page).value();
      if (!in_runs) other.append(per_page).value();
    }
  }

  using cache_type = paged_cache<policies<Table>>;
  cache_type cache{{.shape = model::grouped_query(1, 1, 8, dtype::f16),
                    .tokens_per_page = per_page,
                    .pages = 8'192,
                    .max_sequences = 64,
                    .max_tokens = long_row * per_page}};
  typename cache_type::sequence parent = cache.create().value();
};

template <class Table>
body fork_and_release(bool in_runs = false) {
  return [of = std::make_shared<parent_of<Table>>(in_runs)](benchmark::State& state) {
    while (state.KeepRunningBatch(batch)) {
      for (int i = 0; i < batch; ++i) {
        auto child = of->parent.fork().value();
        benchmark::DoNotOptimize(std::as_const(child));
        child.release();
        benchmark::ClobberMemory();
      }
    }
  };
}

body copy_row_and_count(std::size_t pages) {
  return [from = std::vector<std::uint32_t>(pages), to = std::vector<std::uint32_t>(pages),
          count = 0U](benchmark::State& state) mutable {
    benchmark::DoNotOptimize(&count);
    benchmark::DoNotOptimize(to.data());
    while (state.KeepRunningBatch(batch)) {
      for (int i = 0; i < batch; ++i) {
        if (!from.empty()) std::memcpy(to.data(), from.data(), from.size() * sizeof(from[0]));
        ++count;
        benchmark::ClobberMemory();
        --count;
        benchmark::ClobberMemory();
      }
    }
  };
}

// Steps of a beam search: who goes on from whom is drawn beforehand. Anew every 64 steps, untimed.
constexpr int steps = 64;

std::vector<std::array<std::size_t, width>> chosen_parents() {
  std::mt19937 rng{20'260};
  std::vector<std::array<std::size_t, width>> chosen(steps);
  for (auto& parents : chosen) {
    for (auto& parent : parents) parent = rng() % width;
  }
  return chosen;
}

template <class Table>
body reordered_beams() {
  return [of = std::make_shared<parent_of<Table>>(false)](benchmark::State& state) {
    beams<typename parent_of<Table>::cache_type> alive{of->cache, width};
    const auto chosen = chosen_parents();
    while (state.KeepRunningBatch(steps)) {
      state.PauseTiming();
      alive.clear();
      const bool begun = alive.start(of->parent.fork().value(), width).has_value();
      state.ResumeTiming();
      for (const auto& parents : chosen) {
        if (!begun || !alive.reorder(parents) || !alive.append(1)) {
          return state.SkipWithError("the pool is too small");
        }
        benchmark::ClobberMemory();
      }
    }
  };
}

template <class Table>
body forked_beams() {
  return [of = std::make_shared<parent_of<Table>>(false)](benchmark::State& state) {
    using sequence = decltype(of->cache.create().value());
    std::array<sequence, width> alive;
    std::array<sequence, width> next;
    const auto chosen = chosen_parents();
    while (state.KeepRunningBatch(steps)) {
      state.PauseTiming();
      for (auto& beam : alive) beam = of->parent.fork().value();
      state.ResumeTiming();
      for (const auto& parents : chosen) {
        for (std::size_t i = 0; i < width; ++i) next[i] = alive[parents[i]].fork().value();
        std::swap(alive, next);
        for (auto& old : next) old.release();
        for (auto& beam : alive) {
          if (!beam.append(1)) return state.SkipWithError("the pool is too small");
        }
        benchmark::ClobberMemory();
      }
    }
  };
}

// A table alone, with two rows of 4,000 pages that were added in turns.
template <class Table>
struct long_rows {
  long_rows() {
    for (std::size_t i = 0; i < long_row; ++i) {
      for (std::size_t row = 0; row < 2; ++row) table.push_back(row, to_page(2 * i + row));
    }
  }
  Table table{3, 2 * long_row};
};

std::vector<std::uint32_t> random_places() {
  std::mt19937 rng{20'261};
  std::vector<std::uint32_t> places(batch);
  for (auto& place : places) place = static_cast<std::uint32_t>(rng() % long_row);
  return places;
}

template <class Table>
body read_anywhere() {
  return [of = std::make_shared<long_rows<Table>>(),
          places = random_places()](benchmark::State& state) {
    while (state.KeepRunningBatch(batch)) {
      std::size_t sum = 0;
      for (const auto place : places) sum += to_index(of->table.at(1, place));
      benchmark::DoNotOptimize(sum);
    }
  };
}

body read_array() {
  return [row = std::vector<std::uint32_t>(long_row, 1),
          places = random_places()](benchmark::State& state) {
    while (state.KeepRunningBatch(batch)) {
      std::size_t sum = 0;
      for (const auto place : places) sum += row[place];
      benchmark::DoNotOptimize(sum);
    }
  };
}

// A row grows to 4,000 pages and is emptied.
template <class Table>
body grow() {
  return [of = std::make_shared<long_rows<Table>>()](benchmark::State& state) {
    while (state.KeepRunningBatch(long_row)) {
      for (std::size_t i = 0; i < long_row; ++i) of->table.push_back(2, to_page(3 * i));
      of->table.truncate(2, 0);
      benchmark::ClobberMemory();
    }
  };
}

body grow_array() {
  return [row = std::vector<std::uint32_t>(long_row),
          size = std::size_t{0}](benchmark::State& state) mutable {
    benchmark::DoNotOptimize(&size);
    while (state.KeepRunningBatch(long_row)) {
      for (std::size_t i = 0; i < long_row; ++i) {
        row[size++] = static_cast<std::uint32_t>(3 * i);
        benchmark::ClobberMemory();
      }
      size = 0;
    }
  };
}

// A window of 256 pages moves on by one page.
template <class Table>
body slide() {
  return [](benchmark::State& state) {
    Table table{1, long_row};
    while (state.KeepRunningBatch(long_row)) {
      for (std::size_t i = 0; i < long_row; ++i) {
        table.push_back(0, to_page(3 * i));
        if (i >= row_pages) table.punch(0, i - row_pages, i - row_pages + 1);
      }
      table.truncate(0, 0);
      benchmark::ClobberMemory();
    }
  };
}

body slide_array() {
  return [row = std::vector<std::uint32_t>(long_row),
          size = std::size_t{0}](benchmark::State& state) mutable {
    benchmark::DoNotOptimize(&size);
    while (state.KeepRunningBatch(long_row)) {
      for (std::size_t i = 0; i < long_row; ++i) {
        row[size++] = static_cast<std::uint32_t>(3 * i);
        if (i >= row_pages) row[i - row_pages] = UINT32_MAX;
        benchmark::ClobberMemory();
      }
      size = 0;
    }
  };
}

// A page of 16 tokens of a model with 32 layers and 8 heads of 128: 2 MiB. Half of it counts.
struct pages_with_bytes {
  using pool_type = page_pool<page::free_list<>, refcount::local>;
  pages_with_bytes() { std::iota(bytes.begin(), bytes.end(), 0); }

  model::page_layout layout{model::grouped_query(32, 8, 128, dtype::f16), per_page};
  std::vector<unsigned char> bytes = std::vector<unsigned char>(2 * layout.bytes());
  model::page_array array{std::as_writable_bytes(std::span{bytes}), layout};
  pool_type pool{page::free_list<>{page_id{0}, page_id{2}}, 2};
  host_copies copies{2};
};

template <bool Whole>
body detach() {
  return [of = std::make_shared<pages_with_bytes>()](benchmark::State& state) {
    const auto shared = cow_page<pages_with_bytes::pool_type>::allocate(of->pool).value();
    for (auto _ : state) {
      auto mine = shared;
      const auto page = Whole ? mine.detach(of->copies, of->array)
                              : mine.detach(of->copies, of->array, per_page / 2);
      if (!page) return state.SkipWithError(to_string(page.error()));
      benchmark::ClobberMemory();
    }
  };
}

body copy_bytes() {
  return [of = std::make_shared<pages_with_bytes>()](benchmark::State& state) {
    for (auto _ : state) {
      std::memcpy(&of->bytes[of->layout.bytes()], of->bytes.data(), of->layout.bytes());
      benchmark::ClobberMemory();
    }
  };
}

void fill(suite& suite) {
  using table::flat;
  using table::persistent;
  using table::run_length;
  using table::tracked;
  using table::two_level;

  const auto copied =
      suite.add_floor("256 ids copied, a count up and down", copy_row_and_count(row_pages));
  const auto counted = suite.add_floor("a count up and down", copy_row_and_count(0));
  suite.ask("fork + release, flat", copied, fork_and_release<flat>(), {.ns = 40});
  suite.ask("fork + release, tracked flat", copied, fork_and_release<tracked<flat>>(), {.ns = 40});
  suite.ask("fork + release, two-level", counted, fork_and_release<two_level>(), {.ns = 40});
  suite.ask("fork + release, run-length", copied, fork_and_release<run_length>());
  suite.ask("fork + release, run-length in runs", counted, fork_and_release<run_length>(true),
            {.ns = 40});
  suite.ask("fork + release, persistent", counted, fork_and_release<persistent>());

  const auto array = suite.add_floor("an array read", read_array());
  suite.ask("at, flat", array, read_anywhere<flat>());
  suite.ask("at, two-level", array, read_anywhere<two_level>());
  suite.ask("at, persistent", array, read_anywhere<persistent>());
  suite.ask("at, run-length", array, read_anywhere<run_length>());

  const auto written = suite.add_floor("an array written", grow_array());
  suite.ask("push_back, flat", written, grow<flat>());
  suite.ask("push_back, tracked flat", written, grow<tracked<flat>>());
  suite.ask("push_back, two-level", written, grow<two_level>());
  suite.ask("push_back, persistent", written, grow<persistent>());
  suite.ask("push_back, run-length", written, grow<run_length>());

  const auto window = suite.add_floor("an array written at two places", slide_array());
  suite.ask("window of 256 moves on, two-level", window, slide<two_level>());
  suite.ask("window of 256 moves on, run-length", window, slide<run_length>());

  const auto forked = suite.add_floor("beam step by fork, release and append, persistent",
                                      forked_beams<persistent>());
  suite.ask("beam step by beams, persistent", forked, reordered_beams<persistent>());
  const auto forked_flat =
      suite.add_floor("beam step by fork, release and append, flat", forked_beams<flat>());
  suite.ask("beam step by beams, flat", forked_flat, reordered_beams<flat>());
  suite.ask("beam step by beams, two-level", forked_flat, reordered_beams<two_level>());

  const auto bytes = suite.add_floor("memcpy of a page", copy_bytes());
  suite.ask("copy-on-write of 8 of 16 tokens", bytes, detach<false>());
  suite.ask("copy-on-write of a whole page", bytes, detach<true>(), {.ratio = 1.1});
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite(
      "table_ops", "Cost of page tables, of beams and of copied pages, beside bare arrays.",
      kvfolio::bench::fill, argc, argv);
}
