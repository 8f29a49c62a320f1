// SPDX-License-Identifier: Apache-2.0
// What does it cost to write a batch's page tables where kernels read them?
//
// The batch has 64 rows of 256 pages: 64 KiB of ids. The floor is a `memcpy` of each row from where
// a flat table keeps it, that is, from rows with room for 4,000 pages; as information, one single
// `memcpy` of as many ids that lie together already.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/table/export.hpp>
#include <kvfolio/table/flat.hpp>
#include <kvfolio/table/persistent.hpp>

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

// A batch whose sequences grew in turns, as they do in a server, so that their pages alternate.
template <class Table>
struct batch_of {
  batch_of() {
    for (std::size_t row = 0; row < rows; ++row) batch.push_back(cache.create().value());
    for (std::size_t page = 0; page < width; ++page) {
      for (auto& sequence : batch) sequence.append(per_page).value();
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

template <class Table>
body padded() {
  return [of = std::make_shared<batch_of<Table>>()](benchmark::State& state) {
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
  suite.ask("one memcpy of all ids", floor, copies(1, rows * width, rows * width));
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("export", "Cost of exporting the page tables of a batch.",
                                   kvfolio::bench::fill, argc, argv);
}
