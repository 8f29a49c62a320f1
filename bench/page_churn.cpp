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
//
// The allocators are asked bare too, without pins, and by runs of 16 pages, out of a pool that
// others have torn to pieces: there the floor is a stack of runs that somebody cut beforehand.
//
// Thread caches are asked what one thread pays while another one does the same. Their floor is
// themselves with one thread. Times are those of the processor: a thread that sleeps for a lock
// pays nothing while it does, but with these caches it sleeps a few times in a million pages.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

#include <benchmark/benchmark.h>

#include <kvfolio/cow_page.hpp>
#include <kvfolio/page/address_ordered.hpp>
#include <kvfolio/page/best_fit.hpp>
#include <kvfolio/page/buddy.hpp>
#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/limiting.hpp>
#include <kvfolio/page/statistics.hpp>
#include <kvfolio/page/thread_caches.hpp>
#include <kvfolio/page/tracking.hpp>
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

template <class A>
struct bare {
  using handle = page_id;

  handle take() noexcept { return *pool.allocate(); }
  void give(handle page) noexcept { pool.release(page, page_history::draft); }

  A pool{page_id{0}, page_id{pages}};
};

// Runs of a pool in which somebody holds 8 to 47 pages of every 64.
template <class A>
struct bare_runs {
  using handle = page_run;

  bare_runs() {
    while (pool.allocate()) continue;
    std::mt19937 rng{20'260};
    for (std::uint32_t page = 0; page < pages; page += 64) {
      const auto held = static_cast<std::uint32_t>(8 + rng() % 40);
      pool.release_run({page_id{page + held}, 64 - held}, page_history::draft);
    }
  }
  handle take() noexcept { return *pool.allocate_run(16); }
  void give(handle run) noexcept { pool.release_run(run, page_history::draft); }

  A pool{page_id{0}, page_id{pages}};
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
void shuffled(Source& source, benchmark::State& state, std::uint32_t count = pages) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937{20'260});
  std::vector<typename Source::handle> held(count);
  while (state.KeepRunningBatch(count)) {
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

// The same of allocators without pins.
template <class LoopOf>
void ask_bare(suite& suite, const std::string& how, LoopOf loop_of) {
  const auto dense =
      suite.add_floor("dense stack, " + how, loop_of.template operator()<dense_stack>());
  const auto add = [&]<class A>(const char* name) {
    suite.ask(name + (", " + how), dense, loop_of.template operator()<bare<A>>());
  };
  add.template operator()<page::free_list<>>("free_list");
  add.template operator()<page::address_ordered>("address_ordered");
  add.template operator()<page::first_fit>("first_fit");
  add.template operator()<page::best_fit>("best_fit");
  add.template operator()<page::buddy>("buddy");
  add.template operator()<page::thread_caches<page::free_list<>>>("thread_caches");
  add.template operator()<page::limiting<page::free_list<>>>("limiting");
  add.template operator()<page::statistics<page::free_list<>>>("statistics");
  add.template operator()<page::tracking<page::free_list<>>>("tracking");
}

template <class LoopOf>
void ask_runs(suite& suite, const std::string& how, LoopOf loop_of) {
  const auto dense =
      suite.add_floor("dense stack, " + how, loop_of.template operator()<dense_stack>());
  const auto add = [&]<class A>(const char* name) {
    suite.ask(name + (", " + how), dense, loop_of.template operator()<bare_runs<A>>());
  };
  add.template operator()<page::first_fit>("first_fit");
  add.template operator()<page::best_fit>("best_fit");
  add.template operator()<page::buddy>("buddy");
}

using shared_pages = bare<page::thread_caches<page::free_list<>>>;

// Keeps the calling thread on one processor, where that can be done: threads that take turns on one
// do not disturb each other, and would look better than they are.
class on_processor {
 public:
  explicit on_processor([[maybe_unused]] unsigned number) {
#ifdef __linux__
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(number % std::thread::hardware_concurrency(), &one);
    sched_setaffinity(0, sizeof one, &one);
#endif
  }
  on_processor(const on_processor&) = delete;
  on_processor& operator=(const on_processor&) = delete;
#ifdef __linux__
  ~on_processor() {
    sched_setaffinity(0, sizeof before_, &before_);
  }

 private:
  cpu_set_t before_;
#else
  ~on_processor() = default;
#endif
};

void take_and_give(shared_pages& source, std::vector<page_id>& held) {
  for (auto& page : held) page = source.take();
  for (const auto page : held) source.give(page);
}

// Takes `count` pages and gives them back, again and again, while `companions` threads do so too.
// These share nothing but the source with the thread that is timed, not even a line of its stack.
body together(std::uint32_t count, unsigned companions) {
  return [count, companions, source = std::make_shared<shared_pages>()](benchmark::State& state) {
    const on_processor first{0};
    const auto done = std::make_shared<std::atomic<bool>>(false);
    std::vector<std::jthread> others;
    for (unsigned i = 1; i <= companions; ++i) {
      others.emplace_back([i, count, source, done] {
        const on_processor another{i};
        std::vector<page_id> held(count);
        while (!done->load(std::memory_order_relaxed)) take_and_give(*source, held);
      });
    }
    std::vector<page_id> held(count);
    while (state.KeepRunningBatch(count)) take_and_give(*source, held);
    *done = true;
  };
}

void fill(suite& suite) {
  const auto one_page = []<class Source>() -> body {
    return [source = std::make_shared<Source>()](benchmark::State& state) { hot(*source, state); };
  };
  const auto all_pages = []<class Source>() -> body {
    return [source = std::make_shared<Source>()](benchmark::State& state) {
      shuffled(*source, state);
    };
  };
  const auto many_runs = []<class Source>() -> body {
    return [source = std::make_shared<Source>()](benchmark::State& state) {
      shuffled(*source, state, 512);  // one in every 64 pages
    };
  };
  ask(suite, "hot", one_page);
  ask(suite, "shuffled", all_pages);
  ask_bare(suite, "bare, hot", one_page);
  ask_bare(suite, "bare, shuffled", all_pages);
  ask_runs(suite, "run of 16, hot", one_page);
  ask_runs(suite, "512 runs of 16, shuffled", many_runs);
  for (const std::uint32_t count : {1U, 256U}) {
    const auto how = "thread_caches, " + std::to_string(count) + " at a time, ";
    suite.ask(how + "two threads", suite.add_floor(how + "one thread", together(count, 0)),
              together(count, 1), {.ratio = 1.5});
  }
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("page_churn", "Cost of taking a page and giving it back.",
                                   kvfolio::bench::fill, argc, argv);
}
