// SPDX-License-Identifier: Apache-2.0
// What does it cost to write a batch's page tables where kernels read them?
//
// The batch has 64 rows of 256 pages: 64 KiB of ids. The floor is a `memcpy` of each row from where
// a flat table keeps it, that is, from rows with room for 4,000 pages; as information, one single
// `memcpy` of as many ids that lie together already.
//
// Live buffers are asked what they cost when nothing has changed, and when the last ids of 4 of the
// 64 rows have, as in a decode step with pages of 16 tokens.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/table/export.hpp>
#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/live_csr.hpp>
#include <kvfolio/table/live_padded.hpp>
#include <kvfolio/table/persistent.hpp>
#include <kvfolio/table/row_view.hpp>
#include <kvfolio/table/run_length.hpp>
#include <kvfolio/table/tracked.hpp>
#include <kvfolio/table/two_level.hpp>

#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::uint32_t per_page = 16;
constexpr std::size_t rows = 64;
constexpr std::size_t width = 256;
constexpr std::size_t row_room = 4'000;

template <class Table>
struct policies : default_policies {
  using memory = kvfolio::memory::unbacked;
  using page_table = Table;
  using copies = deferred_copies;
};

// A batch whose sequences grew in turns, as they do in a server, so that their pages alternate; or
// one after the other, so that the pages of each are a run.
template <class Table, bool InRuns = false>
struct batch_of {
  batch_of() {
    constexpr std::size_t pages = InRuns ? width : 1;
    for (std::size_t row = 0; row < rows; ++row) batch.push_back(cache.create().value());
    for (std::size_t page = 0; page < width; page += pages) {
      for (auto& sequence : batch) sequence.append(pages * per_page).value();
    }
  }

  paged_cache<policies<Table>> cache{{.shape = model::grouped_query(1, 1, 8, dtype::f16),
                                      .tokens_per_page = per_page,
                                      .pages = rows * width,
                                      .max_sequences = rows,
                                      .max_tokens = row_room * per_page}};
  std::vector<typename paged_cache<policies<Table>>::sequence> batch;
  std::vector<std::int32_t> ids = std::vector<std::int32_t>(rows * width);
  std::vector<std::int32_t> indptr = std::vector<std::int32_t>(rows + 1);
  std::vector<std::int32_t> last = std::vector<std::int32_t>(rows);
};

template <class Table, bool InRuns = false>
body padded() {
  return [of = std::make_shared<batch_of<Table, InRuns>>()](benchmark::State& state) {
    for (auto _ : state) {
      const auto written = table::export_padded(of->batch, of->ids, {.width = width});
      if (!written) return state.SkipWithError(to_string(written.error()));
      benchmark::ClobberMemory();
    }
  };
}

template <class Table>
body csr() {
  return [of = std::make_shared<batch_of<Table>>()](benchmark::State& state) {
    for (auto _ : state) {
      const auto written = table::export_csr(of->batch, {of->indptr, of->ids, of->last}, per_page);
      if (!written) return state.SkipWithError(to_string(written.error()));
      benchmark::ClobberMemory();
    }
  };
}

// The same rows in a table of their own, in a live buffer.
template <class Live, class Table>
struct live_rows {
  using table_type = table::tracked<Table>;
  live_rows() {
    for (std::size_t page = 0; page < width; ++page) {
      for (std::size_t row = 0; row < rows; ++row)
        tables.push_back(row, to_page(page * rows + row));
    }
    for (std::size_t row = 0; row < rows; ++row) {
      batch.emplace_back(tables, row, per_page, width * per_page, 0U);
    }
  }
  [[nodiscard]] Live made() {
    if constexpr (std::is_same_v<Live, table::live_padded>) {
      return {ids, rows, {.width = width}};
    } else {
      return {{indptr, ids, last}, rows, per_page};
    }
  }

  table_type tables{rows, row_room};
  std::vector<table::row_view<table_type>> batch;
  std::vector<std::int32_t> ids = std::vector<std::int32_t>(rows * width);
  std::vector<std::int32_t> indptr = std::vector<std::int32_t>(rows + 1);
  std::vector<std::int32_t> last = std::vector<std::int32_t>(rows);
  Live live = made();
};

template <class Live, class Table>
body live(std::size_t changing) {
  return [=, of = std::make_shared<live_rows<Live, Table>>(),
          next = std::size_t{0}](benchmark::State& state) mutable {
    for (auto _ : state) {
      for (std::size_t i = 0; i < changing; ++i) {
        next = (next + 17) % rows;
        of->tables.replace(next, width - 1, to_page(next));
      }
      const auto written = of->live.update(of->batch);
      if (!written) return state.SkipWithError(to_string(written.error()));
      benchmark::ClobberMemory();
    }
  };
}

// Copies `count` times `length` ids that begin `stride` apart.
body copies(std::size_t count, std::size_t length, std::size_t stride) {
  std::vector<std::int32_t> from(count * stride);
  std::iota(from.begin(), from.end(), 0);
  return [=, to = std::vector<std::int32_t>(count * length)](benchmark::State& state) mutable {
    for (auto _ : state) {
      for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(&to[i * length], &from[i * stride], length * sizeof(std::int32_t));
      }
      benchmark::DoNotOptimize(to.data());
      benchmark::ClobberMemory();
    }
  };
}

void fill(suite& suite) {
  const auto floor = suite.add_floor("64 times memcpy of 256 ids", copies(rows, width, row_room));
  constexpr bar most{.ratio = 1.3};
  suite.ask("padded, flat", floor, padded<table::flat>(), most);
  suite.ask("CSR, flat", floor, csr<table::flat>(), most);
  suite.ask("padded, persistent", floor, padded<table::persistent>());
  suite.ask("CSR, persistent", floor, csr<table::persistent>());
  suite.ask("padded, two-level", floor, padded<table::two_level>(), most);
  suite.ask("CSR, two-level", floor, csr<table::two_level>(), most);
  suite.ask("padded, run-length, no two pages in a run", floor, padded<table::run_length>());
  suite.ask("padded, run-length, all in runs", floor, padded<table::run_length, true>());
  suite.ask("padded, tracked flat", floor, padded<table::tracked<table::flat>>(), most);
  using table::live_csr;
  using table::live_padded;
  constexpr bar less{.ratio = 0.5};
  suite.ask("live padded, nothing changed, flat", floor, live<live_padded, table::flat>(0), less);
  suite.ask("live padded, 4 rows changed, flat", floor, live<live_padded, table::flat>(4), less);
  suite.ask("live padded, 4 rows changed, persistent", floor,
            live<live_padded, table::persistent>(4), less);
  suite.ask("live CSR, 4 rows changed, flat", floor, live<live_csr, table::flat>(4), less);
  suite.ask("one memcpy of all ids", floor, copies(1, rows * width, rows * width));
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("export", "Cost of exporting the page tables of a batch.",
                                   kvfolio::bench::fill, argc, argv);
}
