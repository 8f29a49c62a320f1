// SPDX-License-Identifier: Apache-2.0
// How fast is a published trace replayed?
//
// An operation is a reference: one block of one prompt. `plain` has every block by itself, as an
// object cache has it, and resolves its key in the timing; its bars are multiples of libCacheSim's
// rates on the same trace: 3.5 times LRU's 16.4 million references a second, 2.5 times ARC's 13.6,
// 12 times S3-FIFO's 2.6 and 2Q's 2.9. The floor knows beforehand where each block is: an array by
// id, and a list in the order of last use.
//
// `paged_cache` serves the prompts with reuse: creates, appends, commits and releases one sequence
// each, where 16 tokens stand for a block.
//
// The trace is not ours to ship. It is looked for in $KVFOLIO_SHARED, or in the folder beside the
// repository, and where it is not, nothing is measured.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <kvfolio/eviction/arc.hpp>
#include <kvfolio/eviction/lru.hpp>
#include <kvfolio/eviction/reuse_rate.hpp>
#include <kvfolio/eviction/s3_fifo.hpp>
#include <kvfolio/eviction/two_q.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/paged_cache.hpp>

#include "support/no_copies.hpp"
#include "support/suite.hpp"
#include <replay/semantics_plain.hpp>
#include <replay/token_ids.hpp>
#include <replay/trace_reader.hpp>

namespace kvfolio::bench {
namespace {

constexpr std::size_t capacity = 18'200;  // blocks
constexpr std::uint32_t per_page = 16;    // tokens that stand for a block

// What a reference may take, in nanoseconds, at so many times a rate in millions a second.
constexpr double at_rate(double times, double rate) {
  return 1'000 / (times * rate);
}

// A trace in memory, as each replay wants it.
class loaded_trace {
 public:
  explicit loaded_trace(const std::filesystem::path& path)
      : trace_{replay::load_trace(path.string())} {
    for (const auto& each : trace_.requests) {
      requests_.push_back({.timestamp_ms = each.arrival / 1'000'000,
                           .input_tokens = each.prompt_tokens,
                           .output_tokens = 0,
                           .hash_ids = each.hash_ids});
      starts_.push_back(references_);
      references_ += each.hash_ids.size();
      for (const auto id : each.hash_ids) {
        ids_ = std::max<std::size_t>(ids_, id + 1);
        for (std::uint32_t i = 0; i < per_page; ++i) {
          tokens_.push_back(replay::token_of(replay::hashed_text(id), i));
        }
      }
    }
  }

  [[nodiscard]] std::span<const replay::block_request> requests() const { return requests_; }
  [[nodiscard]] benchmark::IterationCount references() const {
    return static_cast<benchmark::IterationCount>(references_);
  }
  // Ids are below this.
  [[nodiscard]] std::size_t ids() const { return ids_; }
  // What stands for the prompt of a request.
  [[nodiscard]] std::span<const token_id> prompt(std::size_t request) const {
    return std::span{tokens_}.subspan(starts_[request] * per_page,
                                      requests_[request].hash_ids.size() * per_page);
  }

 private:
  replay::trace trace_;
  std::vector<replay::block_request> requests_;
  std::vector<std::size_t> starts_;  // of requests, in references
  std::vector<token_id> tokens_;
  std::size_t references_ = 0;
  std::size_t ids_ = 0;
};

using shared_trace = std::shared_ptr<const loaded_trace>;

// The floor of `plain`.
class bare_lru {
 public:
  explicit bare_lru(std::size_t ids) : links_(ids + 1), head_{static_cast<std::uint32_t>(ids)} {
    links_[head_] = {head_, head_};
  }

  // Uses a block, and says whether it was there.
  bool use(std::uint32_t id) {
    const bool hit = links_[id].next != none;
    if (hit) {
      unlink(id);
    } else if (++size_ > capacity) {
      const auto victim = links_[head_].next;
      unlink(victim);
      links_[victim].next = none;
      --size_;
    }
    links_[id] = {links_[head_].previous, head_};
    links_[links_[id].previous].next = links_[head_].previous = id;
    return hit;
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct link {
    std::uint32_t previous = none;
    std::uint32_t next = none;
  };

  void unlink(std::uint32_t id) {
    links_[links_[id].previous].next = links_[id].next;
    links_[links_[id].next].previous = links_[id].previous;
  }

  std::vector<link> links_;  // in a ring, oldest first; the last one is its head
  std::uint32_t head_;
  std::size_t size_ = 0;
};

body bare_replay(const shared_trace& trace) {
  return [trace](benchmark::State& state) {
    while (state.KeepRunningBatch(trace->references())) {
      bare_lru order{trace->ids()};
      std::size_t hits = 0;
      for (const auto& request : trace->requests()) {
        for (const auto id : request.hash_ids) {
          hits += order.use(static_cast<std::uint32_t>(id)) ? 1 : 0;
        }
      }
      benchmark::DoNotOptimize(hits);
    }
  };
}

template <class Policy>
body plain_replay(const shared_trace& trace) {
  return [trace](benchmark::State& state) {
    while (state.KeepRunningBatch(trace->references())) {
      auto policy = std::make_unique<Policy>(capacity);
      auto counts = replay::replay_plain(trace->requests(), capacity, *std::move(policy));
      benchmark::DoNotOptimize(counts);
    }
  };
}

struct policies : default_policies {
  using memory = kvfolio::memory::unbacked;
  using copies = no_copies;
};

body paged_replay(const shared_trace& trace) {
  return [trace](benchmark::State& state) {
    while (state.KeepRunningBatch(trace->references())) {
      paged_cache<policies> cache{{.shape = model::grouped_query(1, 1, 8, dtype::f16),
                                   .tokens_per_page = per_page,
                                   .pages = capacity,
                                   .max_sequences = 1}};
      for (std::size_t i = 0; i < trace->requests().size(); ++i) {
        const auto prompt = trace->prompt(i);
        auto row = cache.create(prompt).value();
        const auto rest = prompt.subspan(row.length());
        if (!row.append(rest.size())) return state.SkipWithError("a prompt does not fit the pool");
        row.commit(rest);
      }
    }
  };
}

std::filesystem::path trace_path() {
  const auto* const given = std::getenv("KVFOLIO_SHARED");
  return std::filesystem::path{given != nullptr ? given : KVFOLIO_SOURCE_DIR "/../shared"} /
         "data/conversation_trace.jsonl";
}

void fill(suite& suite) {
  const auto path = trace_path();
  if (!std::filesystem::exists(path)) {
    std::fprintf(stderr,
                 "trace_replay: skipped, as %s is not there; KVFOLIO_SHARED may name the folder "
                 "that has data/\n",
                 path.c_str());
    std::exit(EXIT_SUCCESS);  // nothing was asked, so nothing failed
  }
  const auto trace = std::make_shared<const loaded_trace>(path);
  const auto bare = suite.add_floor("list of all ids, in order of last use", bare_replay(trace));
  suite.ask("plain, lru", bare, plain_replay<eviction::lru>(trace), {.ns = at_rate(3.5, 16.4)});
  suite.ask("plain, arc", bare, plain_replay<eviction::arc>(trace), {.ns = at_rate(2.5, 13.6)});
  suite.ask("plain, s3_fifo", bare, plain_replay<eviction::s3_fifo>(trace),
            {.ns = at_rate(12, 2.6)});
  suite.ask("plain, two_q", bare, plain_replay<eviction::two_q>(trace), {.ns = at_rate(12, 2.9)});
  suite.ask("plain, reuse_rate", bare, plain_replay<eviction::reuse_rate>(trace), {.ns = 150});
  suite.ask("paged_cache, lru", bare, paged_replay(trace));
}

}  // namespace
}  // namespace kvfolio::bench

int main(int argc, char** argv) {
  return kvfolio::bench::run_suite("trace_replay",
                                   "Cost of a reference, where a published trace is replayed.",
                                   kvfolio::bench::fill, argc, argv);
}
