// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/paged_cache.hpp>

#include "bundles.hpp"
#include "engine.hpp"

namespace kvfolio::test {

/// Calls the verbs of a cache in an order that `choose(n)`, a number below `n`, decides, and
/// compares each outcome with a naive model: a sequence is the list of its tokens.
///
/// What a call must answer is computed from the documentation before the call; a difference is a
/// thrown `std::logic_error`. googletest and a fuzzer drive the same steps.
template <class Bundle, class Choose>
class verb_driver {
 public:
  verb_driver(const cache_config& config, Choose choose)
      : choose_{std::move(choose)}, cache_{config} {}

  /// Calls one verb and looks at everything.
  void step() {
    switch (choose_(20)) {
      case 0: create(); break;
      case 1:
      case 2:
      case 3:
      case 4: with_branch(&verb_driver::append); break;
      case 5:
      case 6: with_branch(&verb_driver::rewrite); break;
      case 7: with_branch(&verb_driver::commit); break;
      case 8:
      case 9:
      case 10: with_branch(&verb_driver::fork); break;
      case 11:
      case 12:
      case 13: with_branch(&verb_driver::truncate); break;
      case 14: release(); break;
      case 15:
      case 16: reserved_ ? resolve() : reserve(); break;
      default: move_copies(); break;
    }
    check();
  }

  /// Gives everything back, after which the cache must be as good as new.
  void finish() {
    if (reserved_) resolve();
    while (!branches_.empty()) release();
    engine_.settle();
    check();
    require(cache_.reset().has_value(), "a cache without sequences cannot be reset");
    check();
    require(cache_.statistics().free_pages == cache_.config().usable_pages(), "pages are lost");
  }

 private:
  using cache_type = paged_cache<mirrored<typename Bundle::policies>>;
  struct branch {
    typename cache_type::sequence handle;
    std::vector<token_id> tokens;
    std::size_t committed = 0;
    std::vector<page_id> pages;
    bool reserved = false;
    std::size_t promised = 0;
  };

  // What a failed call must leave as it is.
  struct observed {
    explicit observed(const cache_type& cache)
        : digest{cache.state_digest()}, seen{cache.statistics()}, counts{counts_of(cache)} {}
    friend bool operator==(const observed&, const observed&) = default;
    std::uint64_t digest;
    cache_statistics seen;
    event_counts counts;
  };

  // Calls `verb()` and expects `expected`; if that is an error, then nothing else happens. Returns
  // what the verb returned.
  template <class Verb>
  auto call(errc expected, Verb verb) {
    auto before = observed{cache_};
    auto outcome = verb();
    require(outcome.has_value() == (expected == errc{}),
            expected == errc{} ? "a call failed that had to succeed" : "a call had to fail");
    if (!outcome) {
      require(outcome.error() == expected, "a call failed for another reason");
      if (before.counts != event_counts{} || counts_of(cache_) != event_counts{}) {
        ++before.counts.failures;
      }
      require(before == observed{cache_}, "a failed call changed something");
    }
    return outcome;
  }

  [[nodiscard]] std::size_t per_page() const { return cache_.tokens_per_page(); }
  [[nodiscard]] std::size_t longest() const { return cache_.config().longest(); }
  [[nodiscard]] std::size_t obtainable() const {
    const auto seen = cache_.statistics();
    return seen.free_pages - seen.reserved_pages + seen.cached_pages;
  }
  [[nodiscard]] std::size_t users(page_id page) const {
    return static_cast<std::size_t>(std::ranges::count_if(branches_, [page](const branch& each) {
      return std::ranges::count(each.pages, page) != 0;
    }));
  }
  // What the cache must have said of its index.
  [[nodiscard]] const index_mirror& mirror() const { return cache_.observer().template get<1>(); }
  // Who reads `page`: sequences that have it, and pages that are found after it.
  [[nodiscard]] std::size_t readers(page_id page) const {
    const auto found = mirror().entries().find(page);
    auto count = users(page);
    if (found == mirror().entries().end()) return count;
    for (const auto& [child, entry] : mirror().entries()) {
      const auto place = static_cast<std::size_t>(entry.prefix.tokens.size() / per_page()) - 1;
      const bool of_a_sequence =
          std::ranges::any_of(branches_, [&, page = child](const auto& each) {
            return each.pages.size() > place && each.pages[place] == page;
          });
      if (entry.parent == page && !of_a_sequence) ++count;
    }
    return count;
  }
  [[nodiscard]] errc length_error(std::size_t length, std::size_t more) const {
    if (length + more > cache_.config().usable_pages() * per_page()) return errc::too_large;
    return length + more > longest() ? errc::too_many_sequences : errc{};
  }

  [[nodiscard]] std::size_t need_without_copy(const branch& self, std::size_t more) const {
    const auto room = self.pages.size() * per_page() - self.tokens.size();
    return more > room ? (more - room + per_page() - 1) / per_page() : 0;
  }

  // Pages that growing takes; `left` of the users of the last page have copied it before, up to
  // `read` of its tokens.
  [[nodiscard]] std::size_t need(const branch& self, std::size_t more, std::size_t left = 0,
                                 std::size_t read = 0) const {
    const auto room = self.pages.size() * per_page() - self.tokens.size();
    const auto fresh = need_without_copy(self, more);
    if (more == 0 || room == 0) return fresh;
    const auto tail = self.pages.back();
    read = std::max<std::size_t>(defers<cache_type> ? read : 0, engine_.unread(tail));
    return fresh + (readers(tail) - left > 1 || read > per_page() - room ? 1 : 0);
  }

  [[nodiscard]] std::vector<token_id> fresh_tokens(std::size_t count) {
    std::vector<token_id> values(count);
    for (auto& each : values) each = next_token_++;
    return values;
  }

  // Reads the row again. The copies that were made are those of the pages that changed,
  // deepest first.
  void reread(branch& self) {
    std::vector<page_id> now(self.handle.page_count());
    for (std::size_t i = 0; i < now.size(); ++i) now[i] = self.handle.page_at(i);
    for (auto i = std::min(now.size(), self.pages.size()); i-- > 0;) {
      if (now[i] == self.pages[i]) continue;
      const auto valid = std::min(per_page(), self.tokens.size() - i * per_page());
      engine_.foresee({self.pages[i], now[i], 0, static_cast<std::uint32_t>(valid)});
    }
    self.pages = std::move(now);
  }

  // `self` has just grown: its pages are what they were, but for a last one that was copied.
  void reread_grown(branch& self, bool copied) {
    const auto before = self.pages;
    reread(self);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const bool last = i + 1 == before.size();
      require((self.pages[i] != before[i]) == (copied && last), "growing changed another page");
    }
  }

  // The last `more` tokens of `self` are its alone, and get their content.
  void fill(branch& self, std::size_t more) {
    const auto length = self.tokens.size();
    const auto values = fresh_tokens(more);
    self.tokens.insert(self.tokens.end(), values.begin(), values.end());
    for (const token_run run : self.handle.runs(length, more)) {
      require(users(run.page) == 1, "what was appended is not the sequence's alone");
    }
    engine_.write(self.handle.runs(length, more), values);
  }

  void with_branch(void (verb_driver::*verb)(branch&)) {
    if (branches_.empty()) return create();
    auto& self = branches_[choose_(branches_.size())];
    if (!self.reserved) (this->*verb)(self);
  }

  void create() {
    const auto prompt = fresh_tokens(choose_(8) == 0 ? longest() + choose_(40) : choose_(20));
    const auto fits = cache_.probe(prompt);
    require(fits == fit{0, (prompt.size() + per_page() - 1) / per_page(), obtainable()},
            "probe of a prompt is wrong");
    auto expected = length_error(0, prompt.size());
    if (expected == errc{} && branches_.size() + ghosts_ == cache_.config().max_sequences) {
      expected = errc::too_many_sequences;
    }
    auto made = call(expected, [&] { return cache_.create(prompt); });
    if (made) branches_.push_back({*std::move(made), {}, 0, {}, false, 0});
  }

  void append(branch& self) {
    const auto more = choose_(30) == 0 ? choose_(longest() + 9) : choose_(2 * per_page() + 2);
    const auto wanted = need(self, more);
    require(self.handle.probe(more) == fit{0, wanted, obtainable()}, "probe of growth is wrong");
    auto expected = length_error(self.tokens.size(), more);
    if (expected == errc{} && wanted > obtainable()) expected = errc::out_of_pages;
    const bool copies = wanted != need_without_copy(self, more);
    const auto faults = counts_of(cache_).pages_allocated();
    if (!call(expected, [&] { return self.handle.append(more); })) return;
    require(counts_of(cache_).pages_allocated() - faults == wanted,
            "append took other pages than it said");
    reread_grown(self, copies);
    fill(self, more);
  }

  void rewrite(branch& self) {
    const auto first = choose_(self.tokens.size() + 2);
    const auto count = choose_(2 * per_page() + 1);
    const auto begin = first / per_page();
    auto end = self.pages.size();
    while (end > begin && readers(self.pages[end - 1]) == 1) --end;
    auto expected = errc{};
    if (first < self.committed || first + count > self.tokens.size()) {
      expected = errc::out_of_range;
    } else if (count != 0) {
      if (end > begin && end - begin > obtainable()) expected = errc::out_of_pages;
      for (auto i = std::max(begin, end); i * per_page() < first + count; ++i) {
        if (engine_.busy(self.pages[i])) expected = errc::in_flight;
      }
    }
    const auto runs = call(expected, [&] { return self.handle.writable(first, count); });
    if (!runs || count == 0) return;
    reread(self);
    for (const token_run run : *runs) require(users(run.page) == 1, "what is written is shared");
    const auto values = fresh_tokens(count);
    std::ranges::copy(values, self.tokens.begin() + static_cast<std::ptrdiff_t>(first));
    engine_.write(*runs, values);
  }

  void commit(branch& self) {
    const auto count = choose_(self.tokens.size() - self.committed + 1);
    self.handle.commit(std::span{self.tokens}.subspan(self.committed, count));
    self.committed += count;
  }

  void fork(branch& self) {
    const bool full = branches_.size() + ghosts_ == cache_.config().max_sequences;
    const auto free = cache_.statistics().free_pages;
    auto made = call(full ? errc::too_many_sequences : errc{}, [&] { return self.handle.fork(); });
    if (!made) return;
    require(free == cache_.statistics().free_pages, "a fork took pages");
    branches_.push_back({*std::move(made), self.tokens, self.committed, self.pages, false, 0});
  }

  void truncate(branch& self) {
    const auto most = choose_(6) == 0 ? self.tokens.size() : per_page() + 1;
    const auto keep = self.tokens.size() - choose_(std::min(most, self.tokens.size()) + 1);
    const auto pages = (keep + per_page() - 1) / per_page();
    const auto dropped = self.handle.truncate(keep);
    require(dropped == truncation{self.tokens.size() - keep,
                                  self.committed - std::min(self.committed, keep),
                                  self.pages.size() - pages},
            "truncate reports something else than it dropped");
    self.tokens.resize(keep);
    self.pages.resize(pages);
    self.committed = std::min(self.committed, keep);
  }

  void release() {
    if (branches_.empty()) return;
    const auto which = branches_.begin() + static_cast<std::ptrdiff_t>(choose_(branches_.size()));
    ghosts_ += which->reserved ? 1 : 0;
    if (choose_(2) == 0) which->handle.release();
    branches_.erase(which);
  }

  void reserve() {
    std::vector<typename cache_type::growth> wanted;
    std::map<page_id, std::pair<std::size_t, std::size_t>> left;  // sequences, tokens read
    std::size_t pages = 0;
    auto expected = errc{};
    for (auto& self : branches_) {
      if (choose_(2) == 0) continue;
      self.promised = choose_(per_page() + 2);
      wanted.push_back({self.handle, self.promised});
      if (expected == errc{}) expected = length_error(self.tokens.size(), self.promised);
      auto none = std::pair<std::size_t, std::size_t>{};
      auto& before = self.pages.empty() ? none : left[self.pages.back()];
      const auto needed = need(self, self.promised, before.first, before.second);
      pages += needed;
      if (needed == need_without_copy(self, self.promised)) continue;
      const auto room = self.pages.size() * per_page() - self.tokens.size();
      before = {before.first + 1, std::max(before.second, per_page() - room)};
    }
    if (expected == errc{} && pages > cache_.config().usable_pages()) expected = errc::too_large;
    if (expected == errc{} && pages > obtainable()) expected = errc::out_of_pages;
    auto made = call(expected, [&] { return cache_.reserve(wanted); });
    if (!made) return;
    require(made->pages() == pages, "a reservation takes other pages than it needs");
    require(cache_.statistics().reserved_pages == pages, "reserved pages are miscounted");
    reserved_.emplace(*std::move(made));
    for (auto& self : branches_) {
      self.reserved = std::ranges::any_of(
          wanted, [&self](const auto& each) { return &each.target == &self.handle; });
    }
  }

  void resolve() {
    const auto before = observed{cache_};
    const bool accepted = choose_(3) != 0;
    if (accepted) {
      reserved_->accept();
    } else if (choose_(2) == 0) {
      reserved_->cancel();
    }
    reserved_.reset();
    ghosts_ = 0;
    for (auto& self : branches_) {
      if (!self.reserved || !accepted || self.pages.empty()) continue;
      const auto last = self.pages.size() - 1;
      reread_grown(self, self.handle.page_at(last) != self.pages[last]);
    }
    for (auto& self : branches_) {
      if (!std::exchange(self.reserved, false) || !accepted) continue;
      reread(self);
      fill(self, self.promised);
    }
    require(cache_.statistics().reserved_pages == 0, "a resolved reservation keeps pages");
    if (accepted) return;
    require(before.seen.used_pages == cache_.statistics().used_pages &&
                before.seen.tokens == cache_.statistics().tokens,
            "a cancelled reservation changed the sequences");
  }

  void move_copies() {
    engine_.take(choose_(4));
    engine_.land(choose_(4));
    engine_.report(choose_(4));
  }

  void check() {
    if (const auto* broken = cache_.check_invariants()) require(false, broken);
    std::map<page_id, std::size_t> uses;
    cache_statistics sum{.sequences = branches_.size()};
    auto memory = engine_.landed();
    for (auto& self : branches_) {
      const auto& handle = self.handle;
      const auto length = self.tokens.size();
      require(handle.length() == length, "a sequence has another length");
      require(handle.committed() == self.committed, "a sequence committed another number");
      require(handle.page_count() == self.pages.size(), "a sequence has another number of pages");
      require(self.pages.size() == (length + per_page() - 1) / per_page(), "pages are wasted");
      for (std::size_t i = 0; i < self.pages.size(); ++i) {
        require(handle.page_at(i) == self.pages[i], "a page of a sequence changed unasked");
        ++uses[self.pages[i]];
      }
      require(engine_.holds(memory, handle.runs(0, length), self.tokens), "tokens are corrupted");
      sum.tokens += length;
      sum.committed_tokens += self.committed;
      sum.table_pages += self.pages.size();
    }
    for (std::size_t page = 0; page < cache_.config().pages; ++page) {
      require(cache_.pins(to_page(page)) == uses[to_page(page)], "a page has other pins");
    }
    require(!cache_.config().reserve_null_page || uses[page_id{0}] == 0, "page 0 was handed out");
    const auto seen = cache_.statistics();
    const auto flying = needed_by_copies();
    for (const auto page : flying) uses.try_emplace(page);
    sum.used_pages = static_cast<std::size_t>(std::ranges::count_if(
        uses, [&](const auto& use) { return use.second != 0 || flying.contains(use.first); }));
    require(seen.used_pages == sum.used_pages, "used pages are miscounted");
    require(seen.used_bytes == sum.used_pages * cache_.layout().bytes(), "bytes are miscounted");
    require(
        seen.free_pages + seen.used_pages + seen.cached_pages + seen.landing_pages == seen.pages,
        "a page is lost");
    require(seen.sequences == sum.sequences, "sequences are miscounted");
    require(seen.tokens == sum.tokens, "tokens are miscounted");
    require(seen.committed_tokens == sum.committed_tokens, "committed tokens are miscounted");
    require(seen.table_pages == sum.table_pages, "table pages are miscounted");
    require(seen.slack_tokens == sum.table_pages * per_page() - sum.tokens, "slack is miscounted");
    require(seen.slack_tokens <= sum.sequences * (per_page() - 1), "a page or more is wasted");
    check_index(uses, flying, seen.cached_pages);
    if constexpr (defers<cache_type>) {
      require(cache_.waiting_copies() == engine_.foreseen(), "copies appeared or vanished");
    } else {
      require(seen.landing_pages == 0, "host copies are in flight");
    }
  }

  // Indexed pages that copies in flight touch, and those before them: they cannot be evicted yet.
  [[nodiscard]] std::set<page_id> needed_by_copies() {
    std::set<page_id> needed;
    for (const auto& [page, entry] : mirror().entries()) {
      if (!engine_.busy(page)) continue;
      for (std::optional<page_id> at = page; at; at = mirror().entries().at(*at).parent) {
        needed.insert(*at);
      }
    }
    return needed;
  }

  // Full committed pages are indexed, and stay so when nobody uses them. No two are equal here.
  void check_index(const std::map<page_id, std::size_t>& uses, const std::set<page_id>& flying,
                   std::size_t cached) {
    if (mirror().complaint() != nullptr) require(false, mirror().complaint());
    for (const auto& self : branches_) {
      for (std::size_t i = 0; (i + 1) * per_page() <= self.committed; ++i) {
        require(mirror().entries().contains(self.pages[i]), "a committed page is not indexed");
      }
    }
    std::size_t unused = 0;
    for (const auto& [page, entry] : mirror().entries()) {
      const auto found = uses.find(page);
      unused += (found == uses.end() || found->second == 0) && !flying.contains(page) ? 1 : 0;
      auto prompt = entry.prefix.tokens;
      prompt.push_back(0);
      if (prompt.size() > longest()) continue;
      require(cache_.probe(prompt).hit_tokens == prompt.size() - 1, "an indexed page is not found");
    }
    require(unused == cached, "cached pages are miscounted");
  }

  Choose choose_;
  cache_type cache_;
  engine<cache_type> engine_{cache_};
  std::vector<branch> branches_;
  std::optional<typename cache_type::reservation> reserved_;
  std::size_t ghosts_ = 0;  // sequences that were released while reserved
  token_id next_token_ = 1;
};

}  // namespace kvfolio::test
