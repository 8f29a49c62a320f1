// SPDX-License-Identifier: Apache-2.0
// What does it cost to take a page and to give it back?
//
// The floor is a dense stack of page ids: an array and its top, no check, no count. The bars are
// ratios to it. The counted floor keeps a pin count per page besides, and checks nothing either:
// the least that any pool with pins can cost, as information.
//
// Hot, one page comes and goes: the floor touches two cache lines, its top and one entry; counts
// are a third. Shuffled, all 32,768 pages are taken and then given back in a fixed random order:
// the floor streams through 128 KiB of stack and 128 KiB of random order, and hops about in 128 KiB
// of ids that the caller holds; counts are 128 KiB more to hop about in, twice a page, and handles
// are four times as wide as the ids.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/cow_page.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page_pool.hpp>
#include <kvfolio/refcount/local.hpp>

#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::uint32_t pages = 32'768;

// The floor.
struct dense_stack {
  using handle = std::uint32_t;

  dense_stack() : ids(pages), top{pages} { std::iota(ids.begin(), ids.end(), 0U); }
  handle take() noexcept { return ids[--top]; }
  void give(handle page) noexcept { ids[top++] = page; }

  std::vector<std::uint32_t> ids;
  std::size_t top;
};

// The counted floor.
struct counted_stack : dense_stack {
  handle take() noexcept {
    const auto page = dense_stack::take();
    ++counts[page];
    return page;
  }
  void give(handle page) noexcept {
    if (--counts[page] == 0) dense_stack::give(page);
  }

  std::vector<std::uint32_t> counts = std::vector<std::uint32_t>(pages);
};

template <class Order>
using pool_of = page_pool<page::free_list<Order>, refcount::local>;

template <class Order>
struct bare_pool {
  using handle = page_id;

  handle take() noexcept { return *pool.allocate(); }
  void give(handle page) noexcept {
    if (pool.unpin(page)) pool.release(page, page_history::draft);
  }

  pool_of<Order> pool{page::free_list<Order>{page_id{0}, page_id{pages}}, pages};
};

template <class Order>
struct handles {
  using handle = cow_page<pool_of<Order>>;

  handle take() noexcept { return *handle::allocate(pool); }
  void give(handle& page) noexcept { page.reset(); }

  pool_of<Order> pool{page::free_list<Order>{page_id{0}, page_id{pages}}, pages};
};

// Between two calls an engine does other things, so nothing may stay in registers.
template <class Source>
void hot(Source& source, benchmark::State& state) {
  constexpr int batch = 1'024;
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i) {
      auto page = source.take();
      benchmark::DoNotOptimize(std::as_const(page));
      source.give(page);
      benchmark::ClobberMemory();
    }
  }
}

template <class Source>
void shuffled(Source& source, benchmark::State& state) {
  std::vector<std::uint32_t> order(pages);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937{20'260});
  std::vector<typename Source::handle> held(pages);
  while (state.KeepRunningBatch(pages)) {
    for (auto& page : held) {
      page = source.take();
      benchmark::ClobberMemory();
    }
    for (const auto place : order) {
      source.give(held[place]);
      benchmark::ClobberMemory();
    }
  }
}

// Asks what all sources cost that `loop_of.operator()<Source>()` makes loops of.
template <class LoopOf>
void ask(suite& suite, const std::string& how, LoopOf loop_of) {
  const auto dense =
      suite.add_floor("dense stack, " + how, loop_of.template operator()<dense_stack>());
  const auto counted =
      suite.add_floor("counted stack, " + how, loop_of.template operator()<counted_stack>());
  const auto split = loop_of.template operator()<bare_pool<page::split>>();
  const auto append = loop_of.template operator()<bare_pool<page::append>>();
  suite.ask("pool, split, " + how, dense, split, {.ratio = 1.5});
  suite.ask("pool, append, " + how, dense, append, {.ratio = 1.5});
  suite.ask("handles, split, " + how, dense, loop_of.template operator()<handles<page::split>>(),
            {.ratio = 2.2});
  suite.ask("handles, append, " + how, dense, loop_of.template operator()<handles<page::append>>(),
            {.ratio = 2.2});
  suite.ask("pool, split, to counted, " + how, counted, split);
  suite.ask("pool, append, to counted, " + how, counted, append);
}

void fill(suite& suite) {
  ask(suite, "hot", []<class Source>() -> body {
    return [source = std::make_shared<Source>()](benchmark::State& state) { hot(*source, state); };
  });
  ask(suite, "shuffled", []<class Source>() -> body {
    return [source = std::make_shared<Source>()](benchmark::State& state) {
      shuffled(*source, state);
    };
  });
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("page_churn", "Cost of taking a page and giving it back.",
                                   kvfolio::bench::fill, argc, argv);
}
