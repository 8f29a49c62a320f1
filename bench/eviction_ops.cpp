// SPDX-License-Identifier: Apache-2.0
// What does a page of a full pool cost, what does it cost to pin a long prefix, and to decode?
//
// The caches here have no bytes, and their copies are nobody's work. The pool of 32,768 pages is
// full of 128 cached prompts of 256 pages each, whose ids are shuffled. Of what is timed, a page is
// evicted for each one that is taken; that they are filled, indexed and cached again is not timed.
//
// The floor pops the oldest page off a ring, takes it out of a hash table that is chained through
// an array, and counts a child of its parent less, which joins the ring's old end when that was the
// last one. Where pages are pinned, that is done before each round, so the first page that is taken
// after it counts: a policy that only then looked over 25,600 pages would take ten times as long.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/core/math.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/prefix/radix.hpp>
#include <kvfolio/table/persistent.hpp>

#include "support/no_copies.hpp"
#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::uint32_t pool_pages = 32'768;
constexpr std::uint32_t per_page = 16;
constexpr std::size_t row_pages = 256;
constexpr std::size_t prompts = pool_pages / row_pages;
constexpr std::size_t pinned_prompts = 25'600 / row_pages;

struct policies : default_policies {
  using memory = kvfolio::memory::unbacked;
  using copies = no_copies;
};
struct persistent_policies : policies {
  using page_table = table::persistent;
};

// Tokens of more prompts than fit the pool, so that a number can be given again when it is evicted.
class prompt_texts {
 public:
  static constexpr std::size_t count = 2 * prompts;

  prompt_texts() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      tokens_[i] = static_cast<token_id>(mix_bits(i) % 128'000);
    }
  }
  // The tokens of one prompt, and one more if `with_next`, as the last token of a prompt never
  // hits.
  [[nodiscard]] std::span<const token_id> operator()(std::size_t number, bool with_next) const {
    return std::span{tokens_}.subspan(number * length, length + (with_next ? 1 : 0));
  }

 private:
  static constexpr std::size_t length = row_pages * per_page;
  std::vector<token_id> tokens_ = std::vector<token_id>(count * length + 1);
};

// In which order 128 rows of 256 pages grow, a page at a time, so that ids are shuffled.
std::vector<std::size_t> order_of_growth() {
  std::vector<std::size_t> order(pool_pages);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i / row_pages;
  std::shuffle(order.begin(), order.end(), std::mt19937{20'260});
  return order;
}

// A cache whose pool is full of cached prompts, of which the first `pinned_prompts` can be pinned.
template <class Policies>
class full_cache {
 public:
  using cache_type = paged_cache<Policies>;
  using sequence = typename cache_type::sequence;

  full_cache() {
    std::vector<sequence> rows;
    for (std::size_t row = 0; row < prompts; ++row) rows.push_back(cache_.create().value());
    for (const auto row : order_of_growth()) rows[row].append(per_page).value();
    for (auto& row : rows) finish(row);
  }

  // Makes the first prompts the youngest, and pins them if they are `staying`. What that takes out
  // of the processor's cache is gone either way.
  void pin(bool staying) {
    pinned_.clear();
    for (std::size_t i = 0; i < pinned_prompts; ++i) {
      auto row = reuse(i);
      if (staying) pinned_.push_back(std::move(row));
    }
  }

  // An empty sequence.
  [[nodiscard]] sequence begin() { return cache_.create().value(); }
  // A sequence of the cached prompt `number`. \throws std::runtime_error if it is not cached
  [[nodiscard]] sequence reuse(std::size_t number) {
    auto row = cache_.create(texts_(number, true)).value();
    if (row.page_count() != row_pages) throw std::runtime_error{"a prompt is not cached any more"};
    return row;
  }
  // What the next prompt will say.
  [[nodiscard]] std::span<const token_id> text() const { return texts_(next_, false); }
  // Caches the pages of `row`, which has 256, as that prompt.
  void finish(sequence& row) {
    row.commit(text().subspan(row.committed()));
    row.release();
    if (++next_ == prompt_texts::count) next_ = pinned_prompts;
  }

 private:
  cache_type cache_{{.shape = model::grouped_query(1, 1, 8, dtype::f16),
                     .tokens_per_page = per_page,
                     .pages = pool_pages,
                     .max_sequences = prompts + 2,
                     .max_tokens = (row_pages + 1) * per_page}};
  prompt_texts texts_;
  std::size_t next_ = 0;
  std::vector<sequence> pinned_;
};

// The floor: arrays that do what an eviction must.
class bare_arrays {
 public:
  bare_arrays() {
    std::vector<std::size_t> filled(prompts);
    for (const auto row : order_of_growth()) rows_[row][filled[row]++] = free_++;
    for (std::size_t row = 0; row < prompts; ++row) finish(row);
  }

  // Evicts a page for the row that has `index` pages.
  void take(std::size_t row, std::size_t index) {
    const auto page = oldest_[front_++ % ring];
    auto* link = &buckets_[bucket(keys_[page])];
    while (*link != page) link = &next_[*link];
    *link = next_[page];
    const auto parent = parents_[page];
    if (parent != none && --counts_[parent] == 0) oldest_[--front_ % ring] = parent;
    counts_[page] = 1;
    rows_[row][index] = page;
  }

  // The page of `row` at `index`.
  [[nodiscard]] std::uint32_t page(std::size_t row, std::size_t index) const {
    return rows_[row][index];
  }
  // Caches the pages of `row` as a new prompt.
  void finish(std::size_t row) {
    auto parent = none;
    for (const auto page : rows_[row]) {
      keys_[page] = mix_bits(++keys_made_);
      auto& first = buckets_[bucket(keys_[page])];
      next_[page] = std::exchange(first, page);
      parents_[page] = parent;
      counts_[page] = 1;
      parent = page;
    }
    counts_[parent] = 0;
    oldest_[back_++ % ring] = parent;
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::size_t ring = 4 * prompts;

  [[nodiscard]] std::size_t bucket(std::uint64_t key) const { return key % buckets_.size(); }

  std::vector<std::array<std::uint32_t, row_pages>> rows_{prompts};
  std::vector<std::uint64_t> keys_ = std::vector<std::uint64_t>(pool_pages);
  std::vector<std::uint32_t> buckets_ = std::vector<std::uint32_t>(2 * pool_pages, none);
  std::vector<std::uint32_t> next_ = std::vector<std::uint32_t>(pool_pages);
  std::vector<std::uint32_t> parents_ = std::vector<std::uint32_t>(pool_pages);
  std::vector<std::uint32_t> counts_ = std::vector<std::uint32_t>(pool_pages);
  std::array<std::uint32_t, ring> oldest_{};
  std::size_t front_ = ring;  // counters that run on, modulo the ring
  std::size_t back_ = ring;
  std::uint32_t free_ = 0;
  std::uint64_t keys_made_ = 0;
};

template <class Fixture, class Run>
body with(Run run) {
  return [fixture = std::make_shared<Fixture>(), run](benchmark::State& state) {
    run(*fixture, state);
  };
}

// Rows that are taken a round, so that a round's first page weighs much or little.
constexpr std::size_t long_round = 16;
constexpr std::size_t short_round = 1;

template <std::size_t Rows>
void pop_and_unindex(bare_arrays& bare, benchmark::State& state) {
  while (state.KeepRunningBatch(Rows * row_pages)) {
    for (std::size_t row = 0; row < Rows; ++row) {
      for (std::size_t index = 0; index < row_pages; ++index) {
        bare.take(row, index);
        benchmark::ClobberMemory();
      }
    }
    state.PauseTiming();
    for (std::size_t row = 0; row < Rows; ++row) bare.finish(row);
    state.ResumeTiming();
  }
}

// A page from a full pool.
template <std::size_t Rows, bool Pinning>
constexpr auto take_pages = [](auto& of, benchmark::State& state) {
  std::array<decltype(of.begin()), Rows> rows;
  while (state.KeepRunningBatch(Rows * row_pages)) {
    state.PauseTiming();
    for (auto& row : rows) row = of.begin();
    of.pin(Pinning);
    state.ResumeTiming();
    for (auto& row : rows) {
      for (std::size_t index = 0; index < row_pages; ++index) {
        if (!row.append(per_page)) return state.SkipWithError("the pool has no page to evict");
        benchmark::ClobberMemory();
      }
    }
    state.PauseTiming();
    for (auto& row : rows) of.finish(row);
    state.ResumeTiming();
  }
};

constexpr int batch = 1'024;

// Pin and unpin 256 pages, by one more sequence.
constexpr auto fork_and_release = [](auto& of, benchmark::State& state) {
  auto parent = of.reuse(0);
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i) {
      auto child = parent.fork().value();
      benchmark::DoNotOptimize(std::as_const(child));
      child.release();
      benchmark::ClobberMemory();
    }
  }
};

void count_up_and_down(benchmark::State& state) {
  std::uint32_t pins = 1;
  benchmark::DoNotOptimize(&pins);
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i) {
      ++pins;
      benchmark::ClobberMemory();
      --pins;
      benchmark::ClobberMemory();
    }
  }
}

// The same, from cached to cached, and the pages are found first.
constexpr auto create_and_release = [](auto& of, benchmark::State& state) {
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i) {
      auto row = of.reuse(0);
      benchmark::DoNotOptimize(std::as_const(row));
      row.release();
      benchmark::ClobberMemory();
    }
  }
};

// The part of it that finds them: an index that has one prompt.
class one_prompt {
 public:
  one_prompt() {
    const auto text = texts_(0, false);
    const auto order = order_of_growth();
    prefix_cursor at;
    for (std::uint32_t page = 0; page < pool_pages; ++page) {
      if (order[page] != 0) continue;
      index_.note(to_page(page), 0, text.subspan(at.pages * per_page, per_page));
      at = index_.extend({}, at, to_page(page));
    }
  }
  void match(benchmark::State& state) {
    while (state.KeepRunningBatch(batch)) {
      for (int i = 0; i < batch; ++i) {
        const auto at = index_.match({}, texts_(0, false), row_);
        if (at.pages != row_pages) return state.SkipWithError("the prompt is not found");
        benchmark::ClobberMemory();
      }
    }
  }

 private:
  prompt_texts texts_;
  default_policies::prefix_index index_{pool_pages, per_page, 0};
  std::array<page_id, row_pages> row_{};
};

// One sequence that grows by a token at a time, and says each time what it was.
constexpr auto decode = [](auto& of, benchmark::State& state) {
  auto row = of.begin();
  while (state.KeepRunningBatch(row_pages * per_page)) {
    state.PauseTiming();
    if (row.length() != 0) {
      of.finish(row);
      row = of.begin();
    }
    const auto text = of.text();
    state.ResumeTiming();
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!row.append(1)) return state.SkipWithError("the pool has no page to evict");
      row.commit(text.subspan(i, 1));
      benchmark::ClobberMemory();
    }
  }
  of.finish(row);
};

void count_and_store(bare_arrays& bare, benchmark::State& state) {
  const prompt_texts texts;
  std::vector<token_id> slab(pool_pages * per_page);
  std::size_t length = 0;
  benchmark::DoNotOptimize(&length);
  while (state.KeepRunningBatch(row_pages * per_page)) {
    for (const auto token : texts(0, false)) {
      if (length % per_page == 0) bare.take(0, length / per_page);
      slab[bare.page(0, length / per_page) * per_page + length % per_page] = token;
      ++length;
      benchmark::ClobberMemory();
    }
    state.PauseTiming();
    bare.finish(0);
    length = 0;
    state.ResumeTiming();
  }
}

void fill(suite& suite) {
  using cache = full_cache<policies>;
  using persistent = full_cache<persistent_policies>;
  const std::string many = "a page from a full pool";
  const std::string first = "each of the first 256 pages from a full pool";
  const bar evicted{.ratio = 1.3};
  const bar equal{.ratio = 1.1};
  const auto pop =
      suite.add_floor("page popped and unindexed", with<bare_arrays>(pop_and_unindex<long_round>));
  const auto unpinned = with<cache>(take_pages<long_round, false>);
  const auto pinned = with<cache>(take_pages<long_round, true>);
  suite.ask(many + ", 0 pinned", pop, unpinned, evicted);
  suite.ask(many + ", 25,600 pinned", pop, pinned, evicted);
  suite.ask(many + ", 25,600 pinned, to 0 pinned", suite.add_floor(many + ", 0 pinned", unpinned),
            pinned, equal);
  const auto first_unpinned = with<cache>(take_pages<short_round, false>);
  const auto first_pinned = with<cache>(take_pages<short_round, true>);
  suite.ask(first + " after 25,600 were pinned, to 0 pinned",
            suite.add_floor(first + ", 0 pinned", first_unpinned), first_pinned, equal);

  const auto match =
      suite.add_floor("256 pages matched",
                      [one = std::make_shared<one_prompt>()](auto& state) { one->match(state); });
  const auto up_and_down = suite.add_floor("one count up and down", count_up_and_down);
  const auto token = suite.add_floor("page popped every 16th time, token stored",
                                     with<bare_arrays>(count_and_store));
  suite.ask("pin + unpin 256 pages by a fork, flat", up_and_down, with<cache>(fork_and_release),
            {.ns = 50});
  suite.ask("pin + unpin 256 pages by a fork, persistent", up_and_down,
            with<persistent>(fork_and_release), {.ns = 50});
  suite.ask("create + release, 256 pages hit, flat", match, with<cache>(create_and_release));
  suite.ask("create + release, 256 pages hit, persistent", match,
            with<persistent>(create_and_release));
  suite.ask("append(1) + commit, flat", token, with<cache>(decode));
  suite.ask("append(1) + commit, persistent", token, with<persistent>(decode));
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite(
      "eviction_ops", "Cost of pages from a full pool, of pinning prefixes, and of decoding.",
      kvfolio::bench::fill, argc, argv);
}
