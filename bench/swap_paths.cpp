// SPDX-License-Identifier: Apache-2.0
// What does it cost to move KV out of a pool and back?
//
// The floors are `memcpy` of as many bytes, all at once, there and back; the pages themselves lie
// scattered over a pool that no processor's cache holds. Where a copy is a command to a device, as
// it is for most accelerators and for disks, the floor is a command for each piece of a page. And a
// step that computes is timed while a thread moves pages beside it, against the same step alone.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <benchmark/benchmark.h>

#include <kvfolio/memory/heap.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/prefix/none.hpp>
#include <kvfolio/tier/copy_plan.hpp>
#include <kvfolio/tier/host_store.hpp>
#include <kvfolio/tier/swap.hpp>
#include <kvfolio/tier/transfer_engine.hpp>
#include <kvfolio/tier/transfer_thread.hpp>
#include <kvfolio/tier/with_store.hpp>

#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::size_t page_bytes = 2U << 20U;  // 16 tokens of Llama 3 8B
constexpr std::uint32_t pool_pages = 32;
constexpr std::size_t moved = 24;  // pages that move at a time: 48 MiB
using store_type = tier::host_store<memory::heap>;

// Pages that nobody could find again, so that all of them must move.
struct swapping : default_policies {
  using prefix_index = kvfolio::prefix::none;
  using tier = kvfolio::tier::with_store<kvfolio::tier::swap, store_type>;
};

std::vector<page_id> scattered(std::size_t count) {
  std::vector<page_id> pages;
  for (std::size_t page = 0; page < pool_pages; ++page) pages.push_back(to_page(page));
  std::ranges::shuffle(pages, std::mt19937{1});
  pages.resize(count);
  return pages;
}

// As many bytes as a swap moves, there and back.
struct bare_copy {
  std::vector<std::byte> pool = std::vector<std::byte>(moved * page_bytes, std::byte{1});
  std::vector<std::byte> host = std::vector<std::byte>(moved * page_bytes, std::byte{2});

  void run(benchmark::State& state) {
    while (state.KeepRunningBatch(2 * moved)) {
      std::memcpy(host.data(), pool.data(), pool.size());
      benchmark::ClobberMemory();
      std::memcpy(pool.data(), host.data(), pool.size());
      benchmark::ClobberMemory();
    }
  }
};

// A sequence of scattered pages that is preempted and resumed.
struct swap_of_pages {
  using cache_type = paged_cache<swapping>;
  static constexpr cache_config config{.shape = model::grouped_query(32, 8, 128, dtype::f16),
                                       .tokens_per_page = 16,
                                       .pages = pool_pages};

  swap_of_pages() {
    std::vector<cache_type::sequence> holders;
    for (std::size_t i = 0; i < pool_pages; ++i) {
      holders.push_back(cache.create().value());
      holders.back().append(16).value();
    }
    std::ranges::shuffle(holders, std::mt19937{1});
    while (!holders.empty()) holders.pop_back();
    moving = cache.create().value();
    moving.append(moved * 16).value();
    for (std::size_t i = 0; i < moved; ++i) {
      std::ranges::fill(cache.bytes(moving.page_at(i)), std::byte{1});
    }
  }

  void run(benchmark::State& state) {
    while (state.KeepRunningBatch(2 * moved)) {
      auto parked = cache.preempt(std::move(moving)).value();
      moving = std::move(parked).resume().value();
    }
    if (moving.length() != moved * 16) state.SkipWithError("a swapped sequence lost something");
  }

  store_type store{page_bytes, moved};
  cache_type cache{config, cache_type::parts::make(config, {kvfolio::tier::swap{}, store})};
  cache_type::sequence moving;
};

// Pages of pieces, each of another tensor, that move to a store and back.
struct swap_of_pieces {
  explicit swap_of_pieces(std::size_t pieces)
      : places{tier::page_places::by_piece(pieces, page_bytes / pieces, pool_pages)} {
    for (const auto page : scattered(moved)) {
      moving.push_back({page, {{moving.size() + 1, 0}}});
    }
  }

  void run(benchmark::State& state) {
    bool whole = true;
    while (state.KeepRunningBatch(2 * moved)) {
      for (const auto way : {tier::direction::to_store, tier::direction::to_pool}) {
        const auto ticket = engine.start(way, moving).value();
        engine.run();
        whole = whole && engine.progress(ticket).landed == moved;
      }
      for (const auto& each : moving) store.erase(each.key);
    }
    if (!whole) state.SkipWithError("a transfer lost something");
  }

  tier::page_places places;
  std::vector<std::byte> pool = std::vector<std::byte>(pool_pages * page_bytes, std::byte{1});
  store_type store{page_bytes, moved};
  std::vector<tier::page_transfer> moving;
  tier::transfer_engine<store_type, tier::host_mover> engine{store, tier::host_mover{pool}, places,
                                                             1};
};

// A pool on a device that works by commands: a file, read past the cache of the system.
class device {
 public:
  static constexpr std::size_t size = 4U << 20U;

  device() : buffer_{static_cast<std::byte*>(std::aligned_alloc(alignment, size))} {
    auto name = (std::filesystem::temp_directory_path() / "kvfolio-XXXXXX").string();
    file_ = ::mkostemp(name.data(), O_DIRECT);
    if (file_ < 0) file_ = ::mkostemp(name.data(), 0);  // where all files are memory, as it were
    if (file_ < 0) throw std::runtime_error("no temporary file: " + name);
    ::unlink(name.c_str());
    std::fill_n(buffer_.get(), size, std::byte{1});
    if (::pwrite(file_, buffer_.get(), size, 0) != static_cast<::ssize_t>(size)) {
      throw std::runtime_error("cannot write 4 MiB to a temporary file");
    }
  }
  device(const device&) = delete;
  device& operator=(const device&) = delete;
  ~device() { ::close(file_); }

  // One command.
  bool read(const tier::byte_copy& copy) const noexcept {
    return ::pread(file_, buffer_.get() + copy.target, copy.bytes,
                   static_cast<::off_t>(copy.source)) == static_cast<::ssize_t>(copy.bytes);
  }

 private:
  static constexpr std::size_t alignment = 4'096;
  struct free_it {
    void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
  };

  int file_ = -1;
  std::unique_ptr<std::byte, free_it> buffer_;
};

// Pages of 16 pieces of 4 KiB: a run of 32 neighbours, of which an eighth was freed and taken by
// others, as in a pool that hands out its pages in the order of their addresses.
struct commands {
  static constexpr std::size_t piece = 4U << 10U;
  static constexpr std::size_t pieces = 16;
  static constexpr std::size_t pages = device::size / pieces / piece;

  commands() {
    for (std::size_t page = 0; page < 32; ++page) {
      if (page % 8 != 3) sources.push_back(to_page(page));
    }
    for (std::size_t i = 0; i < sources.size(); ++i) targets.push_back(to_page(i));
  }

  void run(benchmark::State& state, bool coalesced) {
    const auto from = tier::page_places::by_piece(pieces, piece, pages);
    const auto to = tier::page_places::by_piece(pieces, piece, sources.size());
    tier::copy_plan plan{pages, pieces};
    bool read = true;
    while (
        state.KeepRunningBatch(static_cast<benchmark::IterationCount>(sources.size() * pieces))) {
      for (const auto& copy : plan.plan(from, sources, to, targets)) {
        const auto each = coalesced ? copy.bytes : piece;
        for (std::size_t done = 0; done < copy.bytes; done += each) {
          read = pool.read({copy.source + done, copy.target + done, each}) && read;
        }
      }
    }
    if (!read) state.SkipWithError("a copy failed");
  }

  device pool;
  std::vector<page_id> sources;
  std::vector<page_id> targets;
};

// A step that does nothing but multiply and add in registers: 2 ms or so.
float compute() {
  std::array<float, 64> sums{};
  for (int round = 0; round < 250'000; ++round) {
    for (auto& each : sums) each = each * 0.999F + 0.5F;
  }
  return sums[0];
}

// The same step, while a thread moves pages all the time.
struct step_beside_transfers {
  void run(benchmark::State& state) {
    tier::transfer_thread thread{swap.engine};
    bool out = true;
    auto ticket = thread.start(tier::direction::to_store, swap.moving).value();
    while (state.KeepRunningBatch(1)) {
      benchmark::DoNotOptimize(compute());
      if (!thread.progress(ticket).ended) continue;
      out = !out;
      if (out) {
        for (const auto& each : swap.moving) swap.store.erase(each.key);  // or nothing would move
      }
      ticket = thread.start(out ? tier::direction::to_store : tier::direction::to_pool, swap.moving)
                   .value();
    }
  }

  swap_of_pieces swap{1};
};

template <class Object, class... Argument>
body looping(std::shared_ptr<Object> object, Argument... argument) {
  return [=](benchmark::State& state) { object->run(state, argument...); };
}

void fill(suite& asked) {
  const auto bare = asked.add_floor("memcpy, 48 MiB there and back, a page of 2 MiB",
                                    looping(std::make_shared<bare_copy>()));
  asked.ask("preempt and resume, scattered pages of 2 MiB, a page one way", bare,
            looping(std::make_shared<swap_of_pages>()), {.ratio = 1 / 0.85});
  asked.ask("transfer engine, pages of 64 pieces of 32 KiB, a page one way", bare,
            looping(std::make_shared<swap_of_pieces>(64)), {.ratio = 1 / 0.60});
  const auto device = std::make_shared<commands>();
  const auto single =
      asked.add_floor("a command for each piece of 4 KiB, a piece", looping(device, false));
  asked.ask("a copy plan of pieces of 4 KiB, seven of eight neighbours, a piece", single,
            looping(device, true), {.ratio = 1.0 / 3});
  const auto alone =
      asked.add_floor("a step of multiplications and additions", [](benchmark::State& state) {
        while (state.KeepRunningBatch(1)) {
          benchmark::DoNotOptimize(compute());
        }
      });
  asked.ask("the same step while a thread moves pages", alone,
            looping(std::make_shared<step_beside_transfers>()), {.ratio = 1.10});
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("swap_paths",
                                   "What does it cost to move KV out of a pool and back?",
                                   kvfolio::bench::fill, argc, argv);
}
