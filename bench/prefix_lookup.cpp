// SPDX-License-Identifier: Apache-2.0
// What does it cost to find the pages of a prompt, and to make pages findable?
//
// The floors know beforehand where every page is. That of a match compares the tokens of the prompt
// with those of its pages, found by page id, and asks for the ones 16 pages ahead; that of an
// insert copies the tokens to the page's place and writes a record of 16 bytes. Page ids are
// shuffled, as they are in a pool that has been in use for a while.
//
// Hot, one prompt of 256 pages is matched again and again, as all that a core's second cache holds.
// Pool-sized, 128 such prompts, which are all 32,768 pages, take turns in random order.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/core/math.hpp>
#include <kvfolio/prefix/by_sha256.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/prefix/identity.hpp>
#include <kvfolio/prefix/prompt_keys.hpp>
#include <kvfolio/prefix/radix.hpp>

#include "support/suite.hpp"

namespace kvfolio::bench {
namespace {

constexpr std::uint32_t pool_pages = 32'768;
constexpr std::uint32_t per_page = 16;
constexpr std::size_t long_prompt = 256;  // pages
constexpr std::size_t short_prompt = 3;   // pages
constexpr std::size_t ahead = 16;         // pages between asking for tokens and reading them

// Prompts of different tokens, and the pages that hold them.
class prompts {
 public:
  prompts(std::size_t count, std::size_t pages_each)
      : count_{count}, each_{pages_each}, tokens_(count * pages_each * per_page) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      tokens_[i] = static_cast<token_id>(mix_bits(i) % 128'000);
    }
    std::mt19937 rng{20'260};
    std::vector<std::uint32_t> ids(pool_pages);
    std::iota(ids.begin(), ids.end(), 0U);
    std::shuffle(ids.begin(), ids.end(), rng);
    pages_.reserve(count * pages_each);
    for (std::size_t i = 0; i < count * pages_each; ++i) pages_.push_back(to_page(ids[i]));
    turns_.resize(count);
    std::iota(turns_.begin(), turns_.end(), std::size_t{0});
    std::shuffle(turns_.begin(), turns_.end(), rng);
  }

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t pages_each() const { return each_; }
  [[nodiscard]] std::span<const token_id> tokens(std::size_t prompt) const {
    return std::span{tokens_}.subspan(prompt * each_ * per_page, each_ * per_page);
  }
  [[nodiscard]] std::span<const page_id> pages(std::size_t prompt) const {
    return std::span{pages_}.subspan(prompt * each_, each_);
  }
  // Whose turn it is, in an order without a pattern.
  [[nodiscard]] std::size_t next() {
    if (++turn_ >= count_) turn_ = 0;
    return turns_[turn_];
  }

 private:
  std::size_t count_;
  std::size_t each_;
  std::vector<token_id> tokens_;
  std::vector<page_id> pages_;
  std::vector<std::size_t> turns_;
  std::size_t turn_ = 0;
};

// The floor.
class bare_slab {
 public:
  using record = std::array<std::uint32_t, 4>;

  explicit bare_slab(const prompts& all) {
    for (std::size_t prompt = 0; prompt < all.count(); ++prompt) insert(all, prompt);
  }

  [[nodiscard]] std::size_t match(const prompts& all, std::size_t prompt) const {
    const auto pages = all.pages(prompt);
    const auto* wanted = all.tokens(prompt).data();
    std::size_t found = 0;
    for (; found < std::min(ahead, pages.size()); ++found) __builtin_prefetch(at(pages[found]));
    for (found = 0; found < pages.size(); ++found, wanted += per_page) {
      if (found + ahead < pages.size()) __builtin_prefetch(at(pages[found + ahead]));
      if (std::memcmp(at(pages[found]), wanted, sizeof(token_id) * per_page) != 0) break;
    }
    return found;
  }

  void insert(const prompts& all, std::size_t prompt) {
    auto parent = UINT32_MAX;
    const auto* from = all.tokens(prompt).data();
    for (const auto page : all.pages(prompt)) {
      std::memcpy(&tokens_[to_index(page) * per_page], from, sizeof(token_id) * per_page);
      records_[to_index(page)] = {parent, UINT32_MAX, 1, 0};
      parent = static_cast<std::uint32_t>(page);
      from += per_page;
      benchmark::ClobberMemory();
    }
  }

  void clear(const prompts& /*all*/) {}

 private:
  [[nodiscard]] const token_id* at(page_id page) const {
    return &tokens_[to_index(page) * per_page];
  }

  std::vector<token_id> tokens_ = std::vector<token_id>(pool_pages * per_page);
  std::vector<record> records_ = std::vector<record>(pool_pages);
};

// An index that has all prompts.
template <prefix_index Index>
class indexed {
 public:
  explicit indexed(const prompts& all) {
    for (std::size_t prompt = 0; prompt < all.count(); ++prompt) insert(all, prompt);
  }

  [[nodiscard]] std::size_t match(const prompts& all, std::size_t prompt) {
    return index_.match({}, all.tokens(prompt), found_).pages;
  }

  void insert(const prompts& all, std::size_t prompt) {
    auto tokens = all.tokens(prompt);
    for (const auto page : all.pages(prompt)) {
      index_.note(page, 0, tokens.first(per_page));
      tokens = tokens.subspan(per_page);
      benchmark::ClobberMemory();
    }
    const prefix_realm realm;
    prefix_cursor at;
    for (const auto page : all.pages(prompt)) {
      at = index_.extend(realm, at, page);
      benchmark::ClobberMemory();
    }
  }

  void clear(const prompts& all) {
    for (std::size_t prompt = 0; prompt < all.count(); ++prompt) {
      const auto pages = all.pages(prompt);
      for (auto end = pages.size(); end > 0; --end) index_.erase(pages[end - 1]);
    }
  }

 private:
  Index index_{pool_pages, per_page, 20'260};
  std::array<page_id, long_prompt> found_{};
};

template <class Store>
body matches(std::size_t count, std::size_t pages_each, bool hot) {
  auto all = std::make_shared<prompts>(count, pages_each);
  return [all, store = std::make_shared<Store>(*all), hot](benchmark::State& state) {
    const auto pages = all->pages_each();
    // Of long prompts, what a page costs; of short ones, a match.
    const auto operations =
        static_cast<benchmark::IterationCount>(pages == long_prompt ? pages : 1);
    while (state.KeepRunningBatch(operations)) {
      const auto found = store->match(*all, hot ? 0 : all->next());
      if (found != pages) return state.SkipWithError("a prompt was not found");
      benchmark::ClobberMemory();
    }
  };
}

template <class Store>
body inserts() {
  auto all = std::make_shared<prompts>(pool_pages / long_prompt, long_prompt);
  return [all, store = std::make_shared<Store>(*all)](benchmark::State& state) {
    while (state.KeepRunningBatch(pool_pages)) {
      state.PauseTiming();
      store->clear(*all);
      state.ResumeTiming();
      for (std::size_t i = 0; i < all->count(); ++i) store->insert(*all, all->next());
    }
  };
}

// The keys of a long prompt's pages, each of which depends on the one before it.
template <prefix_identity Identity>
body names() {
  auto all = std::make_shared<prompts>(1, long_prompt);
  return [all](benchmark::State& state) {
    const Identity identity{20'260};
    const prefix_realm realm;
    while (state.KeepRunningBatch(long_prompt)) {
      auto key = identity.root(realm);
      auto tokens = all->tokens(0);
      for (std::size_t page = 0; page < long_prompt; ++page) {
        key = identity.next(realm, key, page * per_page, tokens.first(per_page));
        tokens = tokens.subspan(per_page);
      }
      benchmark::DoNotOptimize(key);
    }
  };
}

// Long prompts as their keys, of which `shared(rng)` are those of a prompt that is indexed.
class keyed_prompts {
 public:
  template <class Shared>
  keyed_prompts(const prompts& all, Shared shared) {
    std::mt19937 rng{7};
    for (std::size_t prompt = 0; prompt < all.count(); ++prompt) {
      prefix::prompt_keys<prefix::hashed<>> keys{index_, {}};
      keys.extend(index_, all.tokens(prompt));
      keys_.emplace_back(keys.keys().begin(), keys.keys().end());
      prefix_cursor at;
      auto tokens = all.tokens(prompt);
      for (const auto page : all.pages(prompt)) {
        index_.note(page, 0, tokens.first(per_page));
        at = index_.extend({}, at, page);
        tokens = tokens.subspan(per_page);
      }
      known_.push_back(shared(rng));
      for (auto i = known_.back(); i < keys_.back().size(); ++i) keys_.back()[i] = {rng() + 1ULL};
    }
  }

  // Are as many found as are shared?
  [[nodiscard]] bool probe(std::size_t prompt) const {
    return index_.count_indexed(keys_[prompt]) == known_[prompt];
  }

 private:
  prefix::hashed<> index_{pool_pages, per_page, 20'260};
  std::vector<std::vector<prefix::hashed<>::key_type>> keys_;  // by prompt
  std::vector<std::size_t> known_;
};

template <class Shared>
body probes(Shared shared) {
  auto all = std::make_shared<prompts>(pool_pages / long_prompt, long_prompt);
  return [all, keyed = std::make_shared<keyed_prompts>(*all, shared)](benchmark::State& state) {
    while (state.KeepRunning()) {
      if (!keyed->probe(all->next())) return state.SkipWithError("another number of pages");
      benchmark::ClobberMemory();
    }
  };
}

// The most that an index may cost.
struct bars {
  bar match;         // a page
  bar insert;        // a page
  bar short_prompt;  // three pages
};

struct floors {
  floor_id hot;
  floor_id pool_sized;
  floor_id insert;
  floor_id few;
  floor_id many;
};

constexpr auto all_long = pool_pages / long_prompt;  // prompts
constexpr std::size_t few = 10;                      // children of the root
constexpr std::size_t many = 10'000;

template <prefix_index Index>
void ask(suite& suite, const std::string& name, const floors& floor, const bars& most) {
  using store = indexed<Index>;
  suite.ask("match, hot, " + name, floor.hot, matches<store>(all_long, long_prompt, true),
            most.match);
  suite.ask("match, pool-sized, " + name, floor.pool_sized,
            matches<store>(all_long, long_prompt, false), most.match);
  suite.ask("insert, " + name, floor.insert, inserts<store>(), most.insert);
  suite.ask("3 pages of 10 prompts, " + name, floor.few, matches<store>(few, short_prompt, false),
            most.short_prompt);
  suite.ask("3 pages of 10,000 prompts, " + name, floor.many,
            matches<store>(many, short_prompt, false), most.short_prompt);
}

void fill(suite& suite) {
  using store = bare_slab;
  const floors floor{
      .hot = suite.add_floor("page compared, hot", matches<store>(all_long, long_prompt, true)),
      .pool_sized = suite.add_floor("page compared, pool-sized",
                                    matches<store>(all_long, long_prompt, false)),
      .insert = suite.add_floor("tokens and a record stored", inserts<store>()),
      .few = suite.add_floor("3 pages compared, of 10 prompts",
                             matches<store>(few, short_prompt, false)),
      .many = suite.add_floor("3 pages compared, of 10,000 prompts",
                              matches<store>(many, short_prompt, false))};
  ask<prefix::radix>(
      suite, "radix", floor,
      {.match = {.ratio = 1.5}, .insert = {.ratio = 1.6}, .short_prompt = {.ns = 250}});
  const auto one_key =
      suite.add_floor("one key looked up", probes([](auto& /*rng*/) { return std::size_t{0}; }));
  suite.ask("probe by 256 keys, all there", one_key,
            probes([](auto& /*rng*/) { return long_prompt; }), {.ns = 200});
  suite.ask("probe by 256 keys, cut somewhere", one_key,
            probes([](auto& rng) { return std::size_t{rng() % (long_prompt + 1)}; }), {.ns = 200});
  const auto hashed_page = suite.add_floor("key of a page, verified", names<prefix::verified>());
  suite.ask("key of a page, by 128 bits", hashed_page, names<prefix::by_128_bit>());
  suite.ask("key of a page, by SHA-256", hashed_page, names<prefix::by_sha256>(), {.ns = 60});
  // Every page is hashed and looked up, so its floor is far below it.
  ask<prefix::hashed<>>(suite, "hashed", floor,
                        {.match = {.ns = 22}, .insert = {.ns = 25}, .short_prompt = {.ns = 250}});
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("prefix_lookup",
                                   "Cost of finding a prompt's pages, and of indexing them.",
                                   kvfolio::bench::fill, argc, argv);
}
