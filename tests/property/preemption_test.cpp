// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kvfolio/copies/deferred_copies.hpp>
#include <kvfolio/memory/mapped.hpp>
#include <kvfolio/prefix/hashed.hpp>
#include <kvfolio/table/persistent.hpp>

#include "../support/parking_lot.hpp"
#include "../support/random_steps.hpp"
#include "../support/sanitized.hpp"

namespace kvfolio::test {
namespace {

/// Preempts and resumes sequences that share prefixes, in a pool and with a store that are both too
/// small, and compares what comes back with lists of what was written.
///
/// What is written for a token depends on the epoch, as KV does on the weights: so a page that came
/// back to another sequence, to another place or from another epoch than it should is noticed.
template <class Policies>
class preemption_driver {
 public:
  explicit preemption_driver(std::mt19937& rng) : rng_{rng} {}

  void step() {
    switch (choose(16)) {
      case 0:
      case 1:
      case 2: create(); break;
      case 3:
      case 4:
      case 5: with_branch(&preemption_driver::grow); break;
      case 6: with_branch(&preemption_driver::fork); break;
      case 7: with_branch(&preemption_driver::truncate); break;
      case 8: with_branch(&preemption_driver::release); break;
      case 9:
      case 10: with_branch(&preemption_driver::preempt); break;
      case 11:
      case 12: resume(); break;
      case 13: move_pages(); break;
      case 14: damage(); break;
      default: forget();
    }
    check();
  }

  void finish() {
    leaving_.reset();
    coming_.reset();
    parked_.clear();
    branches_.clear();
    lot_.engine.settle();
    check();
    require(lot_.store.usage().entries == 0, "something is left in the store");
    require(lot_.cache.statistics().used_pages == 0, "a page is left in use");
    require(whole_ > 20 && split_ > 0 && lost_ > 20, "a kind of return was not tried");
  }

 private:
  using lot_type = parking_lot<Policies>;
  using cache_type = typename lot_type::cache_type;
  static constexpr bool defers_copies = defers<cache_type>;

  // What a sequence holds, apart from its handle.
  struct contents {
    std::vector<token_id> tokens;
    std::vector<token_id>
        written;  // by position: the token, and the epoch in which it was computed
    std::size_t committed = 0;
    token_id epoch = 0;
  };
  struct branch {
    typename lot_type::sequence handle;
    contents is;
  };
  struct absent {
    typename lot_type::parked handle;
    contents was;
    bool split = false;
    bool certain = false;  // nothing was refused or lost since
  };
  struct departing {
    parking<cache_type> handle;
    contents was;
    bool split;
  };
  struct arriving {
    resuming<cache_type> handle;
    absent from;     // without its handle
    token_id epoch;  // in which it looked for its pages
  };

  std::size_t choose(std::size_t bound) { return std::size_t{rng_()} % bound; }
  [[nodiscard]] std::size_t per_page() const { return lot_.cache.tokens_per_page(); }
  [[nodiscard]] token_id value(token_id token, token_id epoch) const {
    return token + epoch * 1'000'000;
  }

  void with_branch(void (preemption_driver::*verb)(std::size_t)) {
    if (branches_.empty()) return create();
    (this->*verb)(choose(branches_.size()));
  }

  // Gives `self` the storage and the content of all its tokens from `first` on.
  bool compute(branch& self, std::size_t first) {
    const auto length = self.is.tokens.size();
    if (length > self.handle.length() && !self.handle.append(length - self.handle.length())) {
      return false;
    }
    self.is.written.resize(length);
    for (auto i = first; i < length; ++i) self.is.written[i] = value(self.is.tokens[i], epoch_);
    lot_.engine.settle();
    lot_.engine.write(self.handle.runs(first, length - first),
                      std::span{self.is.written}.subspan(first));
    return true;
  }

  // Prompts are of three streams, so that most of them begin alike.
  void create() {
    contents made;
    made.epoch = epoch_;
    const auto stream = static_cast<token_id>(choose(3));
    const auto length = 1 + choose(9 * per_page());
    for (std::size_t i = 0; i < length; ++i) {
      made.tokens.push_back(stream * 1'000 + static_cast<token_id>(i) + 1);
    }
    if (choose(2) == 0) made.tokens[choose(2) == 0 ? 0 : length - 1] = fresh_++;
    auto handle = lot_.cache.create(made.tokens);
    if (!handle) return;
    made.committed = handle->committed();
    for (std::size_t i = 0; i < made.committed; ++i) {
      made.written.push_back(value(made.tokens[i], epoch_));
    }
    branch self{*std::move(handle), std::move(made)};
    const auto hit = self.is.committed;
    if (!compute(self, hit)) return;
    commit(self, length - choose(2));
    branches_.push_back(std::move(self));
  }

  static void commit(branch& self, std::size_t end) {
    if (end <= self.is.committed) return;
    self.handle.commit(
        std::span{self.is.tokens}.subspan(self.is.committed, end - self.is.committed));
    self.is.committed = end;
  }

  void grow(std::size_t which) {
    auto& self = branches_[which];
    const auto length = self.is.tokens.size();
    for (auto more = choose(per_page() + 2); more != 0; --more) {
      self.is.tokens.push_back(fresh_++);
    }
    if (!compute(self, length)) {
      self.is.tokens.resize(length);
      return;
    }
    commit(self, self.is.tokens.size() - std::min(self.is.tokens.size(), choose(3)));
  }
  void fork(std::size_t which) {
    auto child = branches_[which].handle.fork();
    if (child) branches_.push_back({*std::move(child), contents{branches_[which].is}});
  }
  void truncate(std::size_t which) {
    auto& self = branches_[which];
    const auto length = self.is.tokens.size() - choose(self.is.tokens.size() + 1);
    self.handle.truncate(length);
    self.is.tokens.resize(length);
    self.is.written.resize(length);
    self.is.committed = std::min(self.is.committed, length);
  }
  void release(std::size_t which) { take(which); }

  branch take(std::size_t which) {
    std::swap(branches_[which], branches_.back());
    auto taken = std::move(branches_.back());
    branches_.pop_back();
    return taken;
  }

  void preempt(std::size_t which) {
    lot_.recomputed = choose(2) == 0 ? 0 : 1 + choose(3);
    if (choose(10) == 0) lot_.recomputed = 99;
    lot_.store.puts_until_failure = choose(8) == 0 ? 1 + choose(4) : 0;
    auto self = take(which);
    const bool split = lot_.recomputed != 0;
    if (choose(2) == 0 && !leaving_) {
      auto begun = lot_.cache.preempt_later(std::move(self.handle)).value();
      leaving_.emplace(departing{std::move(begun), std::move(self.is), split});
      return;
    }
    const auto planned = ceil_div(self.handle.length(), per_page());
    auto gone = lot_.cache.preempt(std::move(self.handle));
    if (!gone) {
      require(defers_copies && gone.error() == errc::in_flight, "preempt failed");
      branches_.push_back(std::move(self));
      return;
    }
    const bool whole = !split && gone->stored_pages() == planned;
    parked_.push_back({*std::move(gone), std::move(self.is), split, whole});
  }

  void resume() {
    if (parked_.empty()) return;
    std::swap(parked_[choose(parked_.size())], parked_.back());
    auto& last = parked_.back();
    const auto fits = last.handle.probe();
    const bool room = branches_.size() + (leaving_ ? 1 : 0) + (coming_ ? 1 : 0) <
                      lot_.cache.config().max_sequences;
    const auto stored = last.handle.stored_pages();
    if (choose(2) == 0 && !coming_) {
      auto begun = std::move(last.handle).resume_later();
      if (!begun) return require(!fits.fits() || !room, "resume failed in spite of its probe");
      const auto now = begun->sequence().length();
      coming_.emplace(
          arriving{*std::move(begun), {{}, std::move(last.was), last.split, last.certain}, epoch_});
      parked_.pop_back();
      require(now <= coming_->from.was.tokens.size(), "more came back than left");
      return;
    }
    auto back = std::move(last.handle).resume();
    if (!back) {
      require(last.handle.stored_pages() == stored, "a failure lost pages");
      return require(!fits.fits() || !room, "resume failed in spite of its probe");
    }
    arrive(*std::move(back), last, stored, epoch_);
    parked_.pop_back();
  }

  // `handle` is what came back of `from`, of which so many pages were stored, and which looked for
  // the others in this epoch: is it what it says?
  void arrive(typename lot_type::sequence handle, absent& from, std::size_t stored,
              token_id epoch) {
    auto& was = from.was;
    const auto length = was.tokens.size();
    const auto committed = handle.committed();
    const auto end = committed + handle.to_compute();
    require(handle.length() <= length && committed <= was.committed, "more came back than left");
    require(!from.certain || (handle.length() == length && handle.to_compute() == 0),
            "a swapped sequence did not come back whole");
    if (handle.to_compute() == 0) {
      require(handle.length() == length && committed == was.committed, "something is missing");
      ++whole_;
    } else {
      require(end == length || handle.length() == length, "there is a gap that nobody computes");
      ++(handle.length() == length ? split_ : lost_);
    }
    if (was.epoch != epoch && (stored == 0 || from.split)) {  // it began anew
      was.epoch = epoch;
      for (std::size_t i = 0; i < committed; ++i) was.written[i] = value(was.tokens[i], epoch);
    }
    branch self{std::move(handle), std::move(was)};
    const auto goal = std::exchange(self.is.committed, committed);
    look(self, 0, committed);
    if (end < self.handle.length()) look(self, end, self.handle.length());
    // Now the engine runs what it must, if it can.
    if (length > self.handle.length() && !self.handle.append(length - self.handle.length())) return;
    if (self.handle.to_compute() != 0) {
      lot_.engine.settle();
      for (auto i = committed; i < end; ++i) self.is.written[i] = value(self.is.tokens[i], epoch_);
      lot_.engine.write(self.handle.runs(committed, end - committed),
                        std::span{self.is.written}.subspan(committed, end - committed));
    }
    commit(self, goal);
    branches_.push_back(std::move(self));
  }

  // Ends what is under way, in one way or another.
  void move_pages() {
    if (leaving_) {
      auto& [handle, was, split] = *leaving_;
      const auto count = choose(3) == 0 ? choose(handle.size() + 1) : handle.size();
      lot_.engine.settle();
      std::size_t stored = 0;
      while (stored < count && put(handle[stored])) ++stored;
      const bool whole = !split && stored == handle.size();
      switch (choose(4)) {
        case 0: branches_.push_back({std::move(handle).cancel(), std::move(was)}); break;
        case 1: break;
        default:
          parked_.push_back({std::move(handle).finish(stored), std::move(was), split, whole});
      }
      leaving_.reset();
    }
    if (coming_) {
      auto& [handle, from, epoch] = *coming_;
      const auto count = choose(3) == 0 ? choose(handle.size() + 1) : handle.size();
      std::size_t landed = 0;
      while (landed < count &&
             lot_.store.get(handle[landed].key, lot_.cache.bytes(handle[landed].page))) {
        ++landed;
      }
      switch (choose(4)) {
        case 0:
          from.handle = std::move(handle).cancel();
          parked_.push_back(std::move(from));
          break;
        case 1: break;
        default: {
          // What its handle said of the store is gone; the tokens tell what was stored.
          from.certain = from.certain && landed == handle.size();
          const auto stored = handle.stored_pages();
          arrive(std::move(handle).finish(landed), from, stored, epoch);
        }
      }
      coming_.reset();
    }
  }
  bool put(const tier::page_transfer& each) {
    return lot_.store.put(each.key, lot_.cache.bytes(each.page)).has_value();
  }

  void damage() {
    const auto entries = lot_.store.usage().entries;
    if (choose(6) == 0) {
      lot_.cache.invalidate();
      ++epoch_;
    } else if (entries != 0 && choose(4) == 0) {
      lot_.store.lose(choose(entries));
      for (auto& each : parked_) each.certain = false;
      if (coming_) coming_->from.certain = false;
    }
  }
  void forget() {
    if (parked_.size() > 5) {
      std::swap(parked_[choose(parked_.size())], parked_.back());
      parked_.pop_back();
    }
  }

  void look(branch& self, std::size_t first, std::size_t end) {
    auto memory = lot_.engine.landed();
    require(lot_.engine.holds(memory, self.handle.runs(first, end - first),
                              std::span{self.is.written}.subspan(first, end - first)),
            "tokens are corrupted");
  }

  void check() {
    if (const auto* broken = lot_.cache.check_invariants()) require(false, broken);
    for (auto& self : branches_) {
      require(self.handle.length() == self.is.tokens.size(), "a sequence has another length");
      require(self.handle.committed() == self.is.committed, "a sequence committed another number");
      look(self, 0, self.is.tokens.size());
    }
  }

  std::mt19937& rng_;
  lot_type lot_{plain::config(), 40};
  std::vector<branch> branches_;
  std::vector<absent> parked_;
  std::optional<departing> leaving_;
  std::optional<arriving> coming_;
  token_id fresh_ = 10'000;
  token_id epoch_ = 0;
  std::size_t whole_ = 0;
  std::size_t split_ = 0;
  std::size_t lost_ = 0;
};

struct device_policies_with_store : swapping_policies {
  using memory = kvfolio::memory::mapped;
  using copies = deferred_copies;
  using page_table = kvfolio::table::persistent;
  using prefix_index = kvfolio::prefix::hashed<>;
};

template <class Policies>
class preemption : public testing::Test {};
using policies = testing::Types<swapping_policies, device_policies_with_store>;
TYPED_TEST_SUITE(preemption, policies);

TYPED_TEST(preemption, brings_back_what_left_or_says_what_is_missing) {
  const int usual = sanitized ? 3'000 : 10'000;
  const int steps = std::getenv("KVFOLIO_SOAK") != nullptr ? 400'000 : usual;
  for_each_seed([steps](std::mt19937& rng) {
    preemption_driver<TypeParam> driver{rng};
    drive(driver, steps);
  });
}

}  // namespace
}  // namespace kvfolio::test
