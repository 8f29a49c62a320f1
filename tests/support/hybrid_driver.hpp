// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <kvfolio/core/math.hpp>
#include <kvfolio/hybrid_cache.hpp>

namespace kvfolio::test {

/// Mirrors by events which pages can be found, and counts what left.
struct found_pages : ignore_all_but<event::page_indexed, event::page_evicted, event::page_withdrawn,
                                    event::page_fault, event::page_copied> {
  using ignore_all_but::on;
  void on(const event::page_indexed& what) noexcept { twice |= !pages.insert(what.page).second; }
  void on(const event::page_evicted& what) noexcept { left(what.page); }
  void on(const event::page_withdrawn& what) noexcept { left(what.page); }
  void on(const event::page_fault& /*what*/) noexcept { ++taken; }
  void on(const event::page_copied& /*what*/) noexcept { ++taken; }
  void left(page_id page) noexcept {
    twice |= pages.erase(page) == 0;
    ++departures;
  }
  std::set<page_id> pages;
  std::size_t departures = 0;
  std::size_t taken = 0;
  bool twice = false;  // was a page announced twice, or did one leave that was not there?
};

/// Calls the verbs of a hybrid cache in an order that `choose(n)`, a number below `n`, decides, and
/// compares each outcome with a naive model: a sequence is the list of its tokens, and the places
/// of each group that must have a page. Every token and state has bytes that follow from all the
/// tokens before it. A difference is a thrown `std::logic_error`.
template <class Policies, class Choose>
class hybrid_driver {
 public:
  hybrid_driver(const hybrid_config<>& config, Choose choose)
      : choose_{std::move(choose)}, cache_{config} {
    if constexpr (!host_memory<typename Policies::memory>) {
      own_.resize(cache_.plan().page_bytes * config.pages);
    }
  }

  /// Calls one verb and looks at everything.
  void step() {
    switch (choose_(24)) {
      case 0:
      case 1:
      case 2:
      case 3: create(); break;
      case 4: with_branch(&hybrid_driver::fork); break;
      case 5:
      case 6: with_branch(&hybrid_driver::truncate); break;
      case 7:
      case 8:
      case 9:
      case 10: with_branch(&hybrid_driver::release); break;
      case 11: report(); break;
      case 12: rare(); break;
      case 13:
      case 14:
      case 15:
      case 16:
      case 17: with_branch(&hybrid_driver::commit); break;
      default: with_branch(&hybrid_driver::append); break;
    }
    check();
  }

  /// Gives everything back, after which the cache must be as good as new.
  void finish() {
    branches_.clear();
    land();
    report();
    check();
    require(cache_.reset().has_value(), "a cache without sequences cannot be reset");
    check();
    require(cache_.statistics().free_pages == cache_.statistics().pages, "pages are lost");
    require(cache_.statistics().resume_points == 0, "resume points are left");
  }

  /// What happened, to know that a run was no idle one.
  [[nodiscard]] std::size_t hits() const { return hits_; }
  [[nodiscard]] std::size_t departures() const { return cache_.observer().departures; }
  [[nodiscard]] std::size_t failures() const { return failures_; }

 private:
  struct observed_policies : Policies {
    using observer = found_pages;
  };
  using cache_type = hybrid_cache<observed_policies>;
  struct branch {
    typename cache_type::sequence handle;
    std::vector<token_id> prompt;
    std::vector<token_id> tokens;
    std::size_t committed = 0;
    std::uint64_t salt = 0;
    std::uint64_t epoch = 0;
    std::vector<std::set<std::size_t>> places;  // by group, that have a page
  };

  // What the engine has on its stream of copies: these, and what must come after one of them.
  struct flight {
    bool copies;   // else it writes
    copy_op copy;  // what is copied, or where `value` is written
    std::size_t group;
    std::byte value;
    std::optional<std::byte> before;  // the state that it goes on from, in its place
  };

  static void require(bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
  }

  using prefix = std::tuple<std::uint64_t, std::uint64_t, std::vector<token_id>>;
  [[nodiscard]] static std::vector<token_id> beginning(const std::vector<token_id>& tokens,
                                                       std::size_t count) {
    return {tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  [[nodiscard]] const auto& rule(std::size_t group) const {
    return cache_.config().groups[group].rule;
  }
  [[nodiscard]] std::size_t per_page(std::size_t group) const {
    return cache_.tokens_per_page(group);
  }
  [[nodiscard]] std::size_t pages(std::size_t group, std::size_t tokens) const {
    return (tokens + per_page(group) - 1) / per_page(group);
  }
  // Does a token that comes after `complete` others read one of the positions of this place?
  [[nodiscard]] bool needed(std::size_t group, std::size_t place, std::size_t complete) const {
    for (auto at = place * per_page(group); at < (place + 1) * per_page(group); ++at) {
      if (at < rule(group).sinks() || at >= rule(group).first_needed(complete)) return true;
    }
    return false;
  }
  void forget_unneeded(branch& self) const {
    for (std::size_t group = 0; group < cache_.groups(); ++group) {
      std::erase_if(self.places[group],
                    [&](std::size_t place) { return !needed(group, place, self.committed); });
    }
  }

  void with_branch(void (hybrid_driver::*verb)(branch&)) {
    if (branches_.empty()) return create();
    (this->*verb)(branches_[choose_(branches_.size())]);
  }

  // A failed call must be announced, and leave everything as it is.
  template <class Verb>
  auto call(Verb verb) {
    const auto digest = cache_.state_digest();
    const auto seen = cache_.statistics();
    const auto taken = cache_.observer().taken + cache_.observer().departures;
    auto outcome = verb();
    if (!outcome) {
      ++failures_;
      require(digest == cache_.state_digest() && seen == cache_.statistics() &&
                  taken == cache_.observer().taken + cache_.observer().departures,
              "a failed call changed something");
    }
    return outcome;
  }

  [[nodiscard]] token_id any_token() { return static_cast<token_id>(choose_(2)); }

  void create() {
    std::vector<token_id> prompt;
    if (!seen_.empty() && choose_(4) != 0) {
      prompt = seen_[choose_(seen_.size())];
      if (choose_(2) == 0) prompt.resize(choose_(prompt.size() + 1));
    }
    for (auto more = choose_(12); more-- > 0;) prompt.push_back(any_token());
    const auto salt = choose_(12) == 0 ? 1U : 0U;
    const auto fits = cache_.probe(prompt, {.scope = {.salt = salt}});
    auto made = call([&] { return cache_.create(prompt, {.scope = {.salt = salt}}); });
    const bool full = branches_.size() == cache_.config().max_sequences;
    require(!(full && made), "a sequence too many");
    if (!made) return;
    branch self{*std::move(made), prompt, prompt, 0, salt, epoch_, {}};
    const auto hit = self.handle.length();
    require(hit == fits.hit_tokens && hit == self.handle.committed(), "probe saw another hit");
    require(hit % cache_.unit() == 0 && (hit == 0 || hit < prompt.size()), "a hit of a wrong size");
    std::size_t longest = 0;
    for (std::size_t end = cache_.unit(); end < prompt.size(); end += cache_.unit()) {
      if (findable_.contains(prefix{epoch_, salt, beginning(prompt, end)})) longest = end;
    }
    require(hit <= longest, "a hit of what nobody committed");
    if (cache_.observer().departures == 0) require(hit == longest, "a hit is not the longest");
    hits_ += hit == 0 ? 0 : 1;
    self.tokens.resize(hit);
    self.committed = hit;
    self.places.resize(cache_.groups());
    for (std::size_t group = 0; group < cache_.groups(); ++group) {
      for (std::size_t place = 0; place < pages(group, hit); ++place) {
        if (needed(group, place, hit)) self.places[group].insert(place);
      }
    }
    branches_.push_back(std::move(self));
  }

  void append(branch& self) {
    const auto count = choose_(12) == 0 ? choose_(60) : choose_(9);
    const auto length = self.tokens.size();
    const auto fits = self.handle.probe(count);
    const auto taken = cache_.observer().taken;
    const auto done = call([&] { return self.handle.append(count); });
    if (done) {
      require(fits.fits(), "append took pages that there were not");
      require(cache_.observer().taken - taken == fits.pages_needed,
              "append took others than it said");
    } else {
      const bool lacks = done.error() == errc::out_of_pages;
      require(lacks != fits.fits() || done.error() == errc::too_large ||
                  done.error() == errc::too_many_sequences || done.error() == errc::out_of_range,
              "append failed for no reason");
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const auto next = self.tokens.size();
      self.tokens.push_back(next < self.prompt.size() ? self.prompt[next] : any_token());
    }
    take_copies();
    for (std::size_t group = 0; group < cache_.groups(); ++group) {
      for (auto place = pages(group, length); place < pages(group, length + count); ++place) {
        self.places[group].insert(place);
      }
      write(self, group, length);
    }
  }

  void commit(branch& self) {
    const auto open = self.tokens.size() - self.committed;
    const auto count = choose_(3) == 0 ? choose_(open + 1) : open;
    self.handle.commit(std::span{self.tokens}.subspan(self.committed, count));
    const auto before = self.committed;
    self.committed += count;
    for (auto end = (before / cache_.unit() + 1) * cache_.unit(); end <= self.committed;
         end += cache_.unit()) {
      if (self.epoch != epoch_) break;
      findable_.emplace(epoch_, self.salt, beginning(self.tokens, end));
    }
    if (seen_.size() < 12) seen_.emplace_back();
    seen_[choose_(seen_.size())] = self.tokens;
    forget_unneeded(self);
  }

  void fork(branch& self) {
    auto made = call([&] { return self.handle.fork(); });
    require(made.has_value() == (branches_.size() < cache_.config().max_sequences),
            "a fork fails iff there are too many sequences");
    if (!made) return;
    branches_.push_back({*std::move(made), self.prompt, self.tokens, self.committed, self.salt,
                         self.epoch, self.places});
  }

  void truncate(branch& self) {
    const auto length = self.tokens.size();
    auto keep = length - choose_(std::min<std::size_t>(length, choose_(3) == 0 ? 60 : 9) + 1);
    if (choose_(3) == 0) keep = keep / cache_.unit() * cache_.unit();
    const auto after = std::min(self.committed, keep);
    bool possible = true;
    for (std::size_t group = 0; group < cache_.groups() && keep != 0 && keep != length; ++group) {
      const auto interval = rule(group).interval();
      if (interval != 0 && keep % interval != 0) possible = false;
      for (std::size_t place = 0; place < pages(group, keep); ++place) {
        if (needed(group, place, after) && !self.places[group].contains(place)) possible = false;
      }
    }
    const auto done = call([&] { return self.handle.truncate(keep); });
    require(done.has_value() == possible, "truncate fails iff something is missing there");
    if (!done) {
      require(done.error() == errc::out_of_range, "truncate failed for another reason");
      return;
    }
    std::size_t dropped = 0;
    for (std::size_t group = 0; group < cache_.groups(); ++group) {
      dropped += std::erase_if(self.places[group],
                               [&](std::size_t place) { return place >= pages(group, keep); });
    }
    require(*done == truncation{length - keep, self.committed - after, dropped},
            "truncate reports something else than it dropped");
    self.tokens.resize(keep);
    self.committed = after;
  }

  void release(branch& self) {
    std::swap(self, branches_.back());
    if (choose_(2) == 0) branches_.back().handle.release();
    branches_.pop_back();
  }

  void rare() {
    switch (choose_(40)) {
      case 0: cache_.invalidate(), ++epoch_; break;
      case 1: {
        const auto done = call([&] { return cache_.reset(); });
        require(!done || branches_.empty(), "a reset under living sequences");
        break;
      }
      default: cache_.advance(++now_); break;
    }
  }

  // Bytes. -------------------------------------------------------------------------------------

  [[nodiscard]] std::span<std::byte> memory() {
    if constexpr (host_memory<typename Policies::memory>) {
      auto first = cache_.bytes(page_id{0});
      return {first.data(), first.size() * cache_.config().pages};
    } else {
      return own_;
    }
  }
  // What follows from the first `count` tokens in `group`.
  [[nodiscard]] static std::uint8_t print(std::span<const token_id> tokens, std::size_t group) {
    std::uint64_t hash = group;
    for (const auto token : tokens) hash = mix_bits(hash * 31 + static_cast<std::uint64_t>(token));
    return static_cast<std::uint8_t>(hash >> 11U);
  }
  template <class Visit>
  void for_each_byte(std::span<std::byte> bytes, std::size_t group, page_id page,
                     std::uint32_t entry, Visit visit) const {
    const auto start = to_index(page) * cache_.plan().page_bytes;
    cache_.layout(group).for_each_piece(entry, 1, [&](std::size_t offset, std::size_t count) {
      for (auto& byte : bytes.subspan(start + offset, count)) visit(byte);
    });
  }
  // Entries of a place: one a token, or one state; `visit(entry, tokens before its end)`.
  template <class Visit>
  void for_each_entry(std::size_t group, std::size_t place, std::size_t first, std::size_t length,
                      Visit visit) const {
    const auto begin = place * per_page(group);
    const auto end = std::min(length, begin + per_page(group));
    if (rule(group).interval() != 0) {
      visit(0U, end);
    } else {
      for (auto position = std::max(first, begin); position < end; ++position) {
        visit(static_cast<std::uint32_t>(position - begin), position + 1);
      }
    }
  }

  // The engine computes the positions from `first` on.
  void write(branch& self, std::size_t group, std::size_t first) {
    for (auto place = first / per_page(group); place < pages(group, self.tokens.size()); ++place) {
      const auto page = self.handle.page_at(group, place);
      if (first == self.tokens.size()) break;
      require(cache_.pins(page) == 1, "what is written is shared");
      require(!cache_.observer().pages.contains(page), "what is written can be found");
      for_each_entry(group, place, first, self.tokens.size(), [&](auto entry, auto tokens) {
        const auto value = std::byte{print(std::span{self.tokens}.first(tokens), group)};
        // What is written to a destination comes after the copy; all else may come before it.
        const bool waits = std::ranges::any_of(
            flying_, [page](const auto& op) { return op.copies && op.copy.destination == page; });
        flight op{false, {page, page, entry, 1}, group, value, {}};
        if (rule(group).interval() != 0 && first % per_page(group) != 0 &&
            place == first / per_page(group)) {
          op.before = std::byte{print(std::span{self.tokens}.first(first), group)};
        }
        waits ? flying_.push_back(op) : carry_out(memory(), op);
      });
    }
  }

  void take_copies() {
    if constexpr (deferring_copy_backend<typename Policies::copies>) {
      std::vector<copy_op> ops(cache_.waiting_copies());
      ticket_ = cache_.take_copies(ops).ticket;
      for (const auto& op : ops) flying_.push_back({true, op, cache_.group_of(op.source), {}, {}});
    }
  }
  void carry_out(std::span<std::byte> bytes, const flight& op) const {
    const model::page_array pages{bytes, cache_.layout(op.group), cache_.plan().page_bytes};
    if (op.copies) return pages.copy(op.copy);
    for_each_byte(bytes, op.group, op.copy.destination, op.copy.first_token,
                  [&op](std::byte& byte) {
                    require(!op.before || byte == *op.before, "a state was overwritten");
                    byte = op.value;
                  });
  }
  void land() {
    for (const auto& op : flying_) carry_out(memory(), op);
    flying_.clear();
  }
  void report() {
    if constexpr (deferring_copy_backend<typename Policies::copies>) {
      land();
      cache_.complete(ticket_);
    }
  }

  void check() {
    if (const auto* broken = cache_.check_invariants()) throw std::logic_error(broken);
    require(!cache_.observer().twice, "an event came twice");
    const auto now = memory();
    std::vector<std::byte> bytes(now.begin(), now.end());
    for (const auto& op : flying_) carry_out(bytes, op);
    std::set<page_id> used;
    std::size_t table_pages = 0;
    hybrid_statistics sum{.sequences = branches_.size()};
    for (auto& self : branches_) {
      require(
          self.handle.length() == self.tokens.size() && self.handle.committed() == self.committed,
          "lengths differ");
      sum.tokens += self.tokens.size();
      sum.committed_tokens += self.committed;
      for (std::size_t group = 0; group < cache_.groups(); ++group) {
        const auto count = self.handle.page_count(group);
        require(count == pages(group, self.tokens.size()), "a table has another size");
        for (std::size_t place = 0; place < count; ++place) {
          const auto page = self.handle.page_at(group, place);
          const bool there = self.places[group].contains(place);
          require((page != no_page) == there, "a page is missing, or was kept too long");
          if (!there) continue;
          used.insert(page);
          ++table_pages;
          for_each_entry(group, place, 0, self.tokens.size(), [&](auto entry, auto tokens) {
            const auto value = std::byte{print(std::span{self.tokens}.first(tokens), group)};
            for_each_byte(bytes, group, page, entry, [value](std::byte byte) {
              require(byte == value, "a page holds another's bytes");
            });
          });
        }
      }
    }
    const auto seen = cache_.statistics();
    require(seen.sequences == sum.sequences && seen.tokens == sum.tokens &&
                seen.committed_tokens == sum.committed_tokens && seen.table_pages == table_pages,
            "the statistics differ");
    std::size_t cached = 0;
    for (const auto page : cache_.observer().pages) cached += used.contains(page) ? 0 : 1;
    if (!deferring_copy_backend<typename Policies::copies>) {
      require(seen.cached_pages == cached, "events and cached pages differ");
      require(seen.used_pages == used.size(), "used pages differ");
    }
  }

  Choose choose_;
  cache_type cache_;
  std::vector<branch> branches_;
  std::vector<std::vector<token_id>> seen_;
  std::set<prefix> findable_;
  std::vector<std::byte> own_;
  std::vector<flight> flying_;
  copy_ticket ticket_{};
  std::uint64_t epoch_ = 0;
  std::uint64_t now_ = 0;
  std::size_t hits_ = 0;
  std::size_t failures_ = 0;
};

}  // namespace kvfolio::test
