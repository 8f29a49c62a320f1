// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <kvfolio/page/reservation_rule.hpp>
#include <kvfolio/prefix/identity.hpp>
#include <kvfolio/prefix/waiting_order.hpp>

#include <replay/checker.hpp>
#include <replay/instruments.hpp>
#include <replay/job.hpp>
#include <replay/mapping_stalls.hpp>
#include <replay/outcome.hpp>
#include <replay/paged_system.hpp>
#include <replay/parking_place.hpp>
#include <replay/recorder.hpp>
#include <replay/sizing.hpp>
#include <replay/step_clock.hpp>
#include <replay/token_ids.hpp>
#include <replay/trace.hpp>

namespace replay {

namespace kv = kvfolio;

/// An engine with continuous batching, all but the model: it takes requests when they arrive, finds
/// what it has computed of their prompts before, and room for the rest, grows them token by token,
/// and preempts when there is none.
///
/// **It always ends.** A request that not even the empty pool could take to its end is rejected
/// when it arrives. When nothing runs, the first in the queue is admitted, whatever the watermark.
/// The oldest running request is not preempted: the latest is, and alone it finds the whole pool.
/// Each step computes a token of that oldest one, or finds it pages for tokens that the next step
/// computes; so it ends after finitely many steps, and then another is the oldest.
///
/// One thing can be in its way when it is alone: pages that it computed while another request did,
/// or that it had to compute although they are there, and that it has twice therefore (see
/// `kv::page_chains`). Then it gives its pages up and finds them again, once each; and if that took
/// it no further, it begins again in an empty cache, where nobody can be ahead of the oldest.
///
/// A `System` says whose memory that is: `cache`, the type, and `make(requests, options,
/// instruments)`, one for them.
template <class System = paged<>>
class server {
 public:
  using cache = typename System::cache;  ///< whose sequences are served

  /// Will serve `requests`, which must outlive it. \throws what the constructor of the cache throws
  server(const trace& requests, const serving_options& options, System system = {})
      : trace_{requests},
        options_{options},
        clock_{options.hardware},
        seen_{kv::counting_observer{options.pages},
              copied_pages{options.verify ? std::size_t{options.max_batch} * options.samples : 0},
              prefix_metrics{options.pages, options.tokens_per_page, options.remember}},
        cache_(system.make(requests, options, seen_)),
        check_{cache_, seen_.copied, options.verify, options.token_bytes},
        parked_{cache_, clock_},
        stalls_{options.mapping},
        next_change_{options.invalidate_every},
        order_{options.admit, options.patience} {}

  /// Serves all requests, calling `tell(done)` now and then. Call it once.
  /// \throws corruption if the cache fails the checks of `options.verify`
  template <class Tell>
  outcome run(Tell tell) {
    while (next_ < trace_.requests.size() || !waiting_.empty() || !running_.empty()) {
      tell_time();
      receive();
      admit();
      if (running_.empty()) {
        wait_for_arrival();
        continue;
      }
      const auto prefilled = prefill();
      grow();
      const auto decoded = decode();
      const auto computed = clock_.cost(prefilled, decoded);
      end_step(prefilled, computed + wait_for_mappings(computed) + parked_.take_time());
      tell(record_.done());
    }
    check_.check_cache();
    auto seen = record_.sum_up(clock_.now(), stalls_.seen());
    seen.tier = parked_.seen();
    seen.events = seen_.events.counts();
    seen.prefixes = seen_.prefixes.counts();
    seen.tokens_checked = check_.checked();
    seen.state_digest = cache_.state_digest();
    return seen;
  }

 private:
  using sequence = typename cache::sequence;
  using job = replay::job<sequence>;
  using branch = replay::branch<sequence>;

  static constexpr bool reserves = cache::policies::reservation::contiguous;
  static constexpr std::uint64_t steps_between_checks = 4'096;
  static constexpr std::size_t considered = 128;  // requests of which one is brought forward

  using waiting_order = kv::prefix::waiting_order<kv::prefix::verified::key_type>;

  // Queues the requests that have arrived, but for those that could never end.
  void receive() {
    for (; next_ < trace_.requests.size(); ++next_) {
      if (trace_.requests[next_].arrival > clock_.now()) return;
      if (pages_at_end(trace_.requests[next_], options_) > options_.pages) {
        record_.reject();
      } else {
        waiting_.push_back({next_});
      }
    }
  }

  // Lets the requests run that come first, as long as there is room for all they have so far. Who
  // finds none is tried again when another has left.
  void admit() {
    if (options_.request_level && !running_.empty()) return;
    while (!waiting_.empty() && running_.size() < options_.max_batch && !blocked_) {
      bring_forward();
      auto& first = waiting_.front();
      if (first.branches.empty()) begin(first);
      const auto fit = cache_.probe(known(first));
      const auto spare = running_.empty() ? 0 : options_.watermark;
      blocked_ = fit.pages_needed + spare > fit.pages_obtainable || !start(first);
      if (!blocked_) {
        running_.push_back(std::move(first));
      } else if (running_.empty()) {
        blocked_ = false;  // nobody will ever leave
        record_.reject();
      } else {
        return;
      }
      waiting_.pop_front();
    }
  }

  // Puts at the head of the queue whose turn it is, of those that have waited longest. Who was
  // preempted is there, and stays.
  void bring_forward() {
    if (options_.admit == kv::prefix::admission::first_come || waiting_.front().lost) return;
    candidates_.clear();
    const auto near = std::min(waiting_.size(), considered);
    for (std::size_t i = 0; i < near; ++i) {
      auto& each = waiting_[i];
      if (each.branches.empty()) begin(each);
      const auto cached = cache_.probe(known(each)).hit_tokens / options_.tokens_per_page;
      candidates_.push_back({each.keys, cached, each.passed_over});
    }
    const auto next = waiting_.begin() + order_(candidates_).front();
    for (auto each = waiting_.begin(); each != next; ++each) ++each->passed_over;
    std::rotate(waiting_.begin(), next, next + 1);
  }

  // Gives pages to what the request has so far, some of which are there already, and to what the
  // system reserves. Says whether there was room for that.
  [[nodiscard]] bool start(job& first) {
    auto& root = first.branches.front();
    const auto tokens = known(first);
    if (parked_.holds(first.number)) {
      if (!parked_.bring_back(first, tokens, check_)) return false;
    } else {
      // What reserves finds nothing, and tries again and again: no miss of the prefix index.
      root.kv = cache_.create(tokens.first(reserves ? 0 : tokens.size())).value();
    }
    const auto hit = root.kv.committed();
    const kv::request_size size{asked(first).prompt_tokens, asked(first).output_tokens};
    if (!root.kv.ensure(tokens.size(), size)) {
      root.kv.release();
      return false;
    }
    root.length = tokens.size();
    check_.check(first, root);
    if (first.lost) {
      record_.resume(tokens.size(), hit, *first.lost);
    } else {
      record_.begin(tokens.size(), hit);
    }
    return true;
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

  // Finds pages for the next token of every sequence whose tokens are all computed, or for those
  // that it had before a preemption; the latest requests give way until there are enough.
  void grow() {
    for (;;) {
      growing_.clear();
      grown_.clear();
      for (auto& each : running_) {
        for (auto& one : each.branches) {
          if (!one.kv || one.to_compute() != 0 || complete(each, one)) continue;
          const auto length = std::max(one.tokens.size(), one.length + 1);
          growing_.push_back({one.kv, length - std::min(length, one.kv.length())});
          grown_.emplace_back(&one, length);
        }
      }
      if (auto pages = cache_.reserve(growing_)) {
        pages->accept();
        for (const auto& [one, length] : grown_) one->length = length;
        check_.check_copies(running_);
        return;
      }
      preempt_latest();
    }
  }

  // Generates the tokens that were just given pages. Returns whether there were any.
  bool decode() {
    bool any = false;
    for (auto& each : running_) {
      for (std::size_t sample = 0; sample < each.branches.size(); ++sample) {
        auto& one = each.branches[sample];
        if (!one.kv || one.length <= one.tokens.size()) continue;
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
    check_.write(one, next);
    one.kv.commit(next);
  }

  void fork(job& parent) {
    const auto& root = parent.branches.front();
    for (auto& child : std::span{parent.branches}.subspan(1)) {
      child.kv = parent.branches.front().kv.fork().value();
      child.prefix = root.prefix;
      child.length = root.length;
    }
  }

  // Takes the pages of the request that was admitted last; it will go on with the tokens it has.
  void preempt_latest() {
    const bool alone = running_.size() == 1;
    auto& latest = running_.back();
    std::size_t lost = 0;
    for (auto& one : latest.branches) {
      if (!one.kv) break;
      lost += one.kv.committed() - (lost == 0 ? 0 : asked(latest).prompt_tokens);
      check_.check(latest, one);
      parked_.park(latest.number, one);
      begin_again(one);
    }
    const bool stuck = alone && latest.lost && lost <= *latest.lost;
    latest.lost = lost;
    waiting_.push_front(std::move(latest));
    running_.pop_back();
    record_.preempt();
    if (stuck) empty_cache();
  }

  void empty_cache() {
    if (cache_.statistics().cached_pages == 0)
      throw std::logic_error("a request that fits cannot grow alone");
    cache_.reset().value();
    record_.restart();
  }

  void end_step(std::size_t prefilled, nanoseconds lasted) {
    const auto now = cache_.statistics();
    record_.step(lasted, prefilled, now, waiting_.size());
    record_.use(lasted, memory_use_now(now.free_pages));
    clock_.pass(lasted);
    for (auto& each : running_) note_progress(each);
    std::erase_if(running_, [](const job& each) { return each.branches.empty(); });
    if (record_.steps() % steps_between_checks == 0) check_.check_cache();
  }

  // How long a step that computes for `computed` waits for what was mapped for it.
  [[nodiscard]] nanoseconds wait_for_mappings(nanoseconds computed) {
    if constexpr (requires { cache_.mappings(); }) {
      return stalls_.step(cache_.mappings(), computed);
    } else {
      return 0;
    }
  }

  // Notes when the first token came, and lets a request go that has all of them.
  void note_progress(job& each) {
    const auto& request = asked(each);
    const auto so_far = each.branches.front().tokens.size();
    if (so_far > request.prompt_tokens && !each.first_token_at) each.first_token_at = clock_.now();
    for (const auto& one : each.branches) {
      if (!one.kv || one.to_compute() != 0 || !complete(each, one)) return;
    }
    for (auto& one : each.branches) give_up(each, one);
    each.branches.clear();
    record_.finish(request, options_.samples, each.first_token_at, clock_.now());
  }

  void give_up(const job& owner, branch& one) {
    check_.check(owner, one);
    one.kv.release();
    begin_again(one);
  }
  void begin_again(branch& one) {
    one.length = 0;
    blocked_ = false;
  }

  // What the positions of all pages are good for, of which so many are free.
  [[nodiscard]] memory_use memory_use_now(std::size_t free_pages) const {
    memory_use now;
    for (const auto& each : running_) {
      const auto end = std::size_t{asked(each).prompt_tokens} + asked(each).output_tokens;
      for (const auto& one : each.branches) {
        if (one.kv)
          now.add(one.kv.committed(), end, one.kv.page_count() * options_.tokens_per_page);
      }
    }
    if (blocked_) now.external = static_cast<double>(free_pages * options_.tokens_per_page);
    return now;
  }

  void wait_for_arrival() {
    if (next_ == trace_.requests.size()) return;
    const auto idle = trace_.requests[next_].arrival - clock_.now();
    record_.idle(idle, cache_.statistics().cached_pages);
    clock_.pass(idle);
  }

  // Tells the cache what time it is, and when the model has changed.
  void tell_time() {
    cache_.advance(clock_.now());
    seen_.prefixes.advance(clock_.now());
    if (options_.invalidate_every == 0 || clock_.now() < next_change_) return;
    cache_.invalidate();
    next_change_ +=
        (clock_.now() - next_change_) / options_.invalidate_every * options_.invalidate_every +
        options_.invalidate_every;
  }

  void begin(job& first) {
    first.branches.resize(options_.samples);
    for (auto& one : first.branches) one.tokens = prompt_of(trace_, first.number);
    if (options_.admit == kv::prefix::admission::first_come) return;
    const kv::prefix::verified names{0};
    const std::size_t size = options_.tokens_per_page;
    const std::span prompt{first.branches.front().tokens};
    auto key = names.root({});
    for (std::size_t at = 0; at + size <= prompt.size(); at += size) {
      first.keys.push_back(key = names.next({}, key, at, prompt.subspan(at, size)));
    }
  }

  // The tokens that the first branch begins with. With several samples, what they generated before
  // a preemption follows after the fork.
  [[nodiscard]] std::span<const kv::token_id> known(const job& each) const {
    const auto& tokens = each.branches.front().tokens;
    return std::span{tokens}.first(options_.samples == 1 ? tokens.size()
                                                         : asked(each).prompt_tokens);
  }
  [[nodiscard]] const request& asked(const job& each) const { return trace_.requests[each.number]; }
  [[nodiscard]] bool complete(const job& each, const branch& one) const {
    return one.tokens.size() == std::size_t{asked(each).prompt_tokens} + asked(each).output_tokens;
  }

  const trace& trace_;
  serving_options options_;
  step_clock clock_;
  instruments seen_;
  cache cache_;
  checker<cache> check_;
  parking_place<cache> parked_;
  mapping_stalls stalls_;
  recorder record_;
  nanoseconds next_change_;  // of the model
  bool blocked_ = false;     // is there no room for the first that waits?
  std::size_t next_ = 0;     // request to arrive
  std::deque<job> waiting_;  // first come first, but for who was brought forward
  waiting_order order_;
  std::vector<typename waiting_order::request> candidates_;
  std::vector<job> running_;  // in the order of their admission
  std::vector<typename cache::growth> growing_;
  std::vector<std::pair<branch*, std::size_t>> grown_;  // and their lengths then
};

}  // namespace replay
