// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <kvfolio/cache_parts.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/policies.hpp>

#include <replay/copy_log.hpp>
#include <replay/fingerprint.hpp>
#include <replay/job.hpp>
#include <replay/outcome.hpp>
#include <replay/step_clock.hpp>
#include <replay/token_ids.hpp>
#include <replay/trace.hpp>

namespace replay {

namespace kv = kvfolio;

/// The policies of the cache that serves: the default ones, watched.
struct serving : kv::default_policies {
  using observer = cache_watch;
};

/// A page did not hold what was written to it, or the cache contradicts itself.
struct corruption : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An engine with continuous batching, all but the model: it takes requests when they arrive, finds
/// them room, grows them token by token, and preempts when there is none.
///
/// **It always ends.** A request that not even the empty pool could take to its end is rejected
/// when it arrives. When nothing runs, the first in the queue is admitted, whatever the watermark.
/// The oldest running request is never preempted: the latest is, and alone it finds the whole pool.
/// Each step computes a token of that oldest one, or finds it pages for tokens that the next step
/// computes; so it ends after finitely many steps, and then another is the oldest.
template <kv::policy_bundle Policies = serving>
class server {
 public:
  using cache = kv::paged_cache<Policies>;  ///< whose sequences are served

  /// Will serve `requests`, which must outlive it. \throws what the constructor of the cache throws
  server(const trace& requests, const serving_options& options)
      : trace_{requests},
        options_{options},
        clock_{options.hardware},
        copied_{std::size_t{options.max_batch} * options.samples},
        cache_{config(), watched_parts()} {}

  /// Serves all requests, calling `tell(done)` now and then. Call it once.
  /// \throws corruption if the cache fails the checks of `options.verify`
  template <class Tell>
  outcome run(Tell tell) {
    while (next_ < trace_.requests.size() || !waiting_.empty() || !running_.empty()) {
      receive();
      admit();
      if (running_.empty()) {
        wait_for_arrival();
        continue;
      }
      const auto prefilled = prefill();
      const auto decodes = decode();
      end_step(clock_.cost(prefilled, decodes));
      tell(seen_.finished + seen_.rejected);
    }
    check_cache();
    return report();
  }

 private:
  using sequence = typename cache::sequence;
  using job = replay::job<sequence>;
  using branch = replay::branch<sequence>;

  static constexpr std::uint64_t steps_between_checks = 4'096;

  // Queues the requests that have arrived, but for those that could never end.
  void receive() {
    for (; next_ < trace_.requests.size(); ++next_) {
      if (trace_.requests[next_].arrival > clock_.now()) return;
      if (pages_at_end(trace_.requests[next_]) > options_.pages) {
        ++seen_.rejected;
      } else {
        waiting_.push_back({next_});
      }
    }
  }

  // Lets the requests run that come first, as long as there is room for all they have so far.
  void admit() {
    while (!waiting_.empty() && running_.size() < options_.max_batch) {
      auto& first = waiting_.front();
      if (first.branches.empty()) begin(first);
      auto& root = first.branches.front();
      const auto prompt = std::span{root.tokens}.first(asked(first).prompt_tokens);
      // With several samples, what they generated before a preemption follows after the fork.
      const auto tokens = options_.samples == 1 ? root.tokens.size() : prompt.size();
      auto kv = cache_.create(prompt).value();
      const auto fit = kv.probe(tokens);
      const auto spare = running_.empty() ? 0 : options_.watermark;
      if (fit.pages_needed + spare > fit.pages_obtainable) return;
      kv.append(tokens).value();
      root.kv = std::move(kv);
      running_.push_back(std::move(first));
      waiting_.pop_front();
    }
  }

  // Computes prompts, and what preempted requests had generated, oldest request first. Returns how
  // many tokens that were.
  std::size_t prefill() {
    std::size_t left = options_.chunk;
    for (auto& each : running_) {
      for (auto& one : each.branches) {
        if (!one.kv) break;
        const auto tokens = std::min(left, one.to_compute());
        compute(one, tokens);
        left -= tokens;
      }
      if (!each.forked() && each.branches.front().to_compute() == 0) fork(each);
    }
    return options_.chunk - left;
  }

  // Generates one token of every sequence whose tokens are all computed; those that cannot grow
  // displace the latest requests. Returns whether there was any.
  bool decode() {
    for (;;) {
      growing_.clear();
      for (auto& each : running_) {
        for (auto& one : each.branches) {
          if (one.kv && one.to_compute() == 0 && !complete(each, one)) {
            const auto regained = one.tokens.size() - one.kv.length();
            growing_.push_back({one.kv, std::max<std::size_t>(regained, 1)});
          }
        }
      }
      if (growing_.empty()) return false;
      if (auto pages = cache_.reserve(growing_)) {
        pages->accept();
        break;
      }
      preempt_latest();
    }
    if (options_.verify) check_copies();
    bool any = false;
    for (auto& each : running_) {
      for (std::size_t sample = 0; sample < each.branches.size(); ++sample) {
        auto& one = each.branches[sample];
        if (!one.kv || one.kv.length() <= one.tokens.size()) continue;
        const auto generated = one.tokens.size() - asked(each).prompt_tokens;
        one.tokens.push_back(token_of(own_text(each.number, sample + 1), generated));
        compute(one, 1);
        any = true;
      }
    }
    return any;
  }

  // Does what the model would for the next `tokens` tokens of `one`, which have pages.
  void compute(branch& one, std::size_t tokens) {
    if (tokens == 0) return;
    const auto next = std::span{std::as_const(one.tokens)}.subspan(one.kv.committed(), tokens);
    if (options_.verify) write_tokens(cache_, one.kv, next, one.prefix);
    one.kv.commit(next);
  }

  void fork(job& parent) {
    const auto& root = parent.branches.front();
    for (auto& child : std::span{parent.branches}.subspan(1)) {
      child.kv = parent.branches.front().kv.fork().value();
      child.prefix = root.prefix;
    }
  }

  // Takes the pages of the request that was admitted last; it will go on with the tokens it has.
  void preempt_latest() {
    if (running_.size() == 1) throw corruption("a request that fits the pool cannot grow in it");
    auto& latest = running_.back();
    const auto& root = latest.branches.front();
    seen_.recomputed_tokens += root.kv.committed();
    for (auto& one : latest.branches) {
      if (!one.kv) break;
      if (&one != &root)
        seen_.recomputed_tokens += one.kv.committed() - asked(latest).prompt_tokens;
      give_up(latest, one);
    }
    waiting_.push_front(std::move(latest));
    running_.pop_back();
    ++seen_.preemptions;
  }

  void end_step(nanoseconds lasted) {
    read_gauges(lasted);
    clock_.pass(lasted);
    for (auto& each : running_) note_progress(each);
    std::erase_if(running_, [](const job& each) { return each.branches.empty(); });
    if (++seen_.steps % steps_between_checks == 0 && options_.verify) check_cache();
  }

  // Notes when the first token came, and lets a request go that has all of them.
  void note_progress(job& each) {
    const auto& request = asked(each);
    const auto so_far = each.branches.front().tokens.size() - request.prompt_tokens;
    if (so_far > 0 && !each.first_token_at) each.first_token_at = clock_.now();
    for (const auto& one : each.branches) {
      if (!one.kv || one.to_compute() != 0 || !complete(each, one)) return;
    }
    for (auto& one : each.branches) {
      seen_.generated_tokens += one.tokens.size() - request.prompt_tokens;
      give_up(each, one);
    }
    ++seen_.finished;
    seen_.prompt_tokens += request.prompt_tokens;
    if (each.first_token_at) {
      seen_.first_token.push_back(*each.first_token_at - request.arrival);
      if (request.output_tokens > 1) {
        seen_.per_token.push_back((clock_.now() - *each.first_token_at) /
                                  (request.output_tokens - 1));
      }
    }
    each.branches.clear();
  }

  void give_up(const job& owner, branch& one) {
    if (options_.verify) check(owner, one);
    one.kv.release();
    one.prefix = {};
  }

  void wait_for_arrival() {
    if (next_ == trace_.requests.size()) return;
    const auto idle = trace_.requests[next_].arrival - clock_.now();
    seen_.over_time.add(idle, {});
    clock_.pass(idle);
  }

  void read_gauges(nanoseconds lasted) {
    const auto now = cache_.statistics();
    const gauges shown{.pages = static_cast<double>(now.used_pages),
                       .waste_tokens = static_cast<double>(now.slack_tokens),
                       .sequences = static_cast<double>(now.sequences),
                       .waiting = static_cast<double>(waiting_.size())};
    seen_.peak.keep_peaks(shown);
    seen_.mean.add(shown, static_cast<double>(lasted));
    seen_.over_time.add(lasted, shown);
    busy_ += static_cast<double>(lasted);
    positions_ += static_cast<double>(now.table_pages) * static_cast<double>(lasted);
  }

  // Each copy that the last call made must have given some branch what it had.
  void check_copies() {
    for (const auto& each : running_) {
      for (const auto& one : each.branches) {
        if (!one.kv || copied_.size() == 0) break;
        const auto grown = one.kv.committed() / options_.tokens_per_page;
        if (grown < one.kv.page_count() && copied_.take(one.kv.page_at(grown))) check(each, one);
      }
    }
    if (copied_.size() != 0) throw corruption("a page was copied for no sequence");
  }

  void check(const job& owner, const branch& one) {
    seen_.tokens_checked += one.kv.committed();
    const auto wrong = find_mismatch(cache_, one.kv, one.tokens);
    if (!wrong) return;
    throw corruption(fmt::format(
        "request {}, sample {}, token {} of {}: page {}, layer {} holds {:016x}, and should hold "
        "{:016x}",
        owner.number, &one - owner.branches.data(), wrong->position, one.kv.committed(),
        kv::to_index(wrong->page), wrong->layer, wrong->found, wrong->expected));
  }

  void check_cache() const {
    if (const auto* broken = cache_.check_invariants()) {
      throw corruption(std::string{"the cache contradicts itself: "} + broken);
    }
  }

  outcome report() {
    seen_.clock = clock_.now();
    seen_.events = cache_.observer().counts();
    seen_.state_digest = cache_.state_digest();
    const auto mean = std::exchange(seen_.mean, {});
    if (busy_ > 0) seen_.mean.add(mean, 1 / busy_);
    if (positions_ > 0)
      seen_.waste_share = mean.waste_tokens / (positions_ * options_.tokens_per_page);
    return std::move(seen_);
  }

  void begin(job& first) {
    first.branches.resize(options_.samples);
    for (auto& one : first.branches) one.tokens = prompt_of(trace_, first.number);
  }

  [[nodiscard]] const request& asked(const job& each) const { return trace_.requests[each.number]; }
  [[nodiscard]] bool complete(const job& each, const branch& one) const {
    return one.tokens.size() == std::size_t{asked(each).prompt_tokens} + asked(each).output_tokens;
  }

  // Pages that a request has just before it ends: the full ones of its prompt are shared.
  [[nodiscard]] std::size_t pages_at_end(const request& each) const {
    const std::size_t size = options_.tokens_per_page;
    const auto all = kv::ceil_div(std::size_t{each.prompt_tokens} + each.output_tokens, size);
    const auto shared = each.prompt_tokens / size;
    const std::size_t samples = each.output_tokens == 0 ? 1 : options_.samples;
    return shared + samples * (all - shared);
  }

  [[nodiscard]] kv::cache_config config() const {
    std::size_t longest = 1;
    for (const auto& each : trace_.requests) {
      if (pages_at_end(each) > options_.pages) continue;
      longest = std::max(longest, std::size_t{each.prompt_tokens} + each.output_tokens);
    }
    return {.shape = fingerprint::shape(options_.token_bytes),
            .tokens_per_page = options_.tokens_per_page,
            .pages = options_.pages,
            .max_sequences = (options_.max_batch + 1) * options_.samples,
            .max_tokens = longest};
  }

  [[nodiscard]] kv::cache_parts<Policies> watched_parts() {
    auto parts = kv::cache_parts<Policies>::make(config());
    if (options_.verify) parts.observer = cache_watch{options_.pages, &copied_};
    return parts;
  }

  const trace& trace_;
  serving_options options_;
  step_clock clock_;
  copied_pages copied_;
  cache cache_;
  std::size_t next_ = 0;      // request to arrive
  std::deque<job> waiting_;   // first come, first served
  std::vector<job> running_;  // in the order of their admission
  std::vector<typename cache::growth> growing_;
  outcome seen_;
  double busy_ = 0;       // nanoseconds in which anything ran
  double positions_ = 0;  // pages in tables, times nanoseconds
};

}  // namespace replay
