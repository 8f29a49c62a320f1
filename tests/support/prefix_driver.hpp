// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/paged_cache.hpp>

#include "engine.hpp"
#include "index_mirror.hpp"

namespace kvfolio::test {

/// Calls the verbs of a cache at random, with prompts so alike that most pages have twins, and
/// compares what is reused with a naive model: a set of all prefixes that are indexed.
///
/// A prefix is added to the set by the `commit` that completes its last page, and removed by the
/// event that names the page. What a token's KV is depends on all tokens before it and on the
/// scope, so that a page which is reused wrongly has wrong bytes. A difference is a thrown
/// `std::logic_error`.
template <class Policies>
class prefix_driver {
 public:
  using cache_type = paged_cache<mirrored<Policies>>;

  prefix_driver(const cache_config& config, std::mt19937 rng) : rng_{rng}, cache_{config} {}

  /// Calls one verb, lets some copies land, and looks at everything.
  void step() {
    const bool full = branches_.size() == cache_.config().max_sequences;
    if (branches_.empty() || choose(4) == 0) {
      full&& choose(8) != 0 ? release(branches_[choose(branches_.size())]) : create();
    } else {
      auto& self = branches_[choose(branches_.size())];
      switch (choose(9)) {
        case 0:
        case 1: append(self); break;
        case 2:
        case 3: commit(self); break;
        case 4: fork(self); break;
        case 5: truncate(self); break;
        case 6: rewrite(self); break;
        case 7: reserve(self); break;
        default: release(self);
      }
    }
    if (choose(200) == 0) invalidate();
    engine_.land(choose(3));
    engine_.report(choose(3));
    check();
  }

  /// Gives everything back, after which the cache can be emptied.
  void finish() {
    while (!branches_.empty()) release(branches_.front());
    engine_.settle();
    check();
    require(cache_.statistics().cached_pages == model_.size(), "an indexed page is not cached");
    require(cache_.reset().has_value(), "a cache without sequences cannot be reset");
    check();
    require(cache_.statistics().free_pages == cache_.config().usable_pages(), "pages are lost");
  }

  [[nodiscard]] std::uint64_t digest() const { return cache_.state_digest(); }
  [[nodiscard]] const event_counts& counts() const {
    return cache_.observer().template get<0>().counts();
  }
  [[nodiscard]] const index_mirror& mirror() const { return cache_.observer().template get<1>(); }

 private:
  static constexpr bool reuses = Policies::prefix_index::enabled;

  struct branch {
    typename cache_type::sequence handle;
    std::vector<token_id> tokens;
    realm_words realm{};
    std::size_t linked = 0;  // leading pages that are indexed, or have a twin that is
  };

  [[nodiscard]] std::size_t choose(std::size_t bound) { return std::size_t{rng_()} % bound; }
  [[nodiscard]] std::size_t per_page() const { return cache_.tokens_per_page(); }
  [[nodiscard]] std::vector<token_id> few_tokens(std::size_t count) {
    std::vector<token_id> values(count);
    for (auto& each : values) each = static_cast<token_id>(choose(2));
    return values;
  }
  [[nodiscard]] realm_words realm_of(std::uint64_t salt) const {
    return prefix_realm{.scope = {.salt = salt}, .epoch = epoch_}.words();
  }

  // The first `count` tokens of a branch, in its realm.
  [[nodiscard]] static indexed_prefix beginning(const realm_words& realm,
                                                std::span<const token_id> tokens,
                                                std::size_t count) {
    return {realm, {tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count)}};
  }
  // What the KV of each token is a function of.
  [[nodiscard]] static std::vector<token_id> fingerprints(const branch& self) {
    std::vector<token_id> prints;
    auto hash = mix_bits(self.realm[0] + 77);
    for (const auto token : self.tokens) {
      hash = mix_bits(hash * 3 + static_cast<std::uint64_t>(token) + 1);
      prints.push_back(static_cast<token_id>(hash));
    }
    return prints;
  }
  void compute(branch& self, std::size_t first) {
    take_copies();
    const auto prints = fingerprints(self);
    engine_.write(self.handle.runs(first, prints.size() - first), std::span{prints}.subspan(first));
  }
  // The engine knows of every copy as soon as it is decided on, and is late in carrying it out.
  void take_copies() {
    if constexpr (defers<cache_type>) engine_.take(cache_.waiting_copies());
  }

  // Calls `verb()`; if it fails, nothing else may have happened.
  template <class Verb>
  auto call(Verb verb) {
    const auto digest = cache_.state_digest();
    const auto seen = cache_.statistics();
    auto before = counts();
    auto outcome = verb();
    if (!outcome) {
      ++before.failures;
      require(digest == cache_.state_digest() && seen == cache_.statistics() && before == counts(),
              "a failed call changed something");
    }
    return outcome;
  }

  void create() {
    const auto prompt = few_tokens(choose(per_page() * 6));
    const auto salt = choose(2);
    const request_options options{.scope = {.salt = salt}};
    auto hit = prompt.empty() ? 0 : (prompt.size() - 1) / per_page() * per_page();
    while (hit != 0 && !model_.contains(beginning(realm_of(salt), prompt, hit))) hit -= per_page();
    const auto linked = hit / per_page();
    const auto inside = most_inside(realm_of(salt), prompt, hit);

    const auto digest = cache_.state_digest();
    const auto seen = cache_.probe(prompt, options);
    require(seen == cache_.probe(prompt, options) && digest == cache_.state_digest(),
            "a probe left a trace");
    if (seen.hit_tokens != hit || seen.pages_obtainable > 1) hit += inside;
    require(seen.hit_tokens == hit, "the longest indexed prefix is another one");
    auto made = call([&] { return cache_.create(prompt, options); });
    require(made.has_value() == (branches_.size() < cache_.config().max_sequences),
            "as many sequences live as were allowed");
    if (!made) return;
    require(made->length() == hit && made->committed() == hit, "probe promised another hit");
    branches_.push_back(
        {*std::move(made), beginning({}, prompt, hit).tokens, realm_of(salt), linked});
    auto& self = branches_.back();
    const auto grown = call([&] { return self.handle.append(prompt.size() - hit); });
    require(grown.has_value() == seen.fits(), "probe was wrong about the pages");
    if (!grown) return;
    self.tokens = prompt;
    compute(self, hit);
    if (choose(2) == 0) commit(self);
  }

  // Tokens of `prompt` after the first `hit` that an index of beginnings finds in one more page.
  [[nodiscard]] std::size_t most_inside(const realm_words& realm,
                                        const std::vector<token_id>& prompt,
                                        std::size_t hit) const {
    std::size_t most = 0;
    if (!partial_prefix_index<typename Policies::prefix_index> || prompt.empty()) return most;
    for (const auto& [known_realm, known] : model_) {
      if (known_realm != realm || known.size() != hit + per_page()) continue;
      const auto end = std::min(known.size(), prompt.size() - 1);
      std::size_t same = 0;
      while (same < end && known[same] == prompt[same]) ++same;
      if (same > hit) most = std::max(most, same - hit);
    }
    return most;
  }

  void append(branch& self) {
    const auto count = choose(per_page() * 2 + 1);
    const auto seen = self.handle.probe(count);
    const auto allocated = counts().pages_allocated();
    const auto grown = call([&] { return self.handle.append(count); });
    require(grown.has_value() == seen.fits() || grown.error() == errc::too_large,
            "probe was wrong about the pages");
    if (!grown) return;
    require(counts().pages_allocated() - allocated == seen.pages_needed,
            "probe was wrong about the number of pages");
    grow(self, count);
  }
  void grow(branch& self, std::size_t count) {
    const auto length = self.tokens.size();
    const auto values = few_tokens(count);
    self.tokens.insert(self.tokens.end(), values.begin(), values.end());
    compute(self, length);
  }

  void commit(branch& self) {
    auto count = self.tokens.size() - self.handle.committed();
    if (choose(2) == 0) count = choose(count + 1);
    self.handle.commit(std::span{self.tokens}.subspan(self.handle.committed(), count));
    if (!reuses || self.realm[3] != epoch_) return;
    hear_what_left();  // a prefix may have left to make room, and come back
    for (; (self.linked + 1) * per_page() <= self.handle.committed(); ++self.linked) {
      model_.insert(beginning(self.realm, self.tokens, (self.linked + 1) * per_page()));
    }
  }

  void fork(branch& self) {
    auto made = call([&] { return self.handle.fork(); });
    if (!made) return;
    branches_.push_back({*std::move(made), self.tokens, self.realm, self.linked});
  }

  void truncate(branch& self) {
    auto keep = choose(self.tokens.size() + 1);
    if (choose(2) == 0) {
      keep = self.tokens.size() - std::min(self.tokens.size(), choose(per_page() + 2));
    }
    self.handle.truncate(keep);
    self.tokens.resize(keep);
    self.linked = std::min(self.linked, self.handle.committed() / per_page());
  }

  void rewrite(branch& self) {
    const auto committed = self.handle.committed();
    const auto first = committed + choose(self.tokens.size() - committed + 1);
    if (!call([&] { return self.handle.writable(first, self.tokens.size() - first); })) return;
    const auto values = few_tokens(self.tokens.size() - first);
    std::ranges::copy(values, self.tokens.begin() + static_cast<std::ptrdiff_t>(first));
    compute(self, first);
  }

  // Sets pages aside for a branch and its neighbour, and takes them, or not.
  void reserve(branch& self) {
    auto& other = branches_[choose(branches_.size())];
    const auto count = choose(per_page() + 2);
    std::vector<typename cache_type::growth> wanted{{self.handle, count}};
    if (&other != &self) wanted.push_back({other.handle, count});
    auto made = call([&] { return cache_.reserve(wanted); });
    if (!made || choose(3) == 0) return;
    made->accept();
    for (auto* each : {&self, &other}) {
      if (each->tokens.size() != each->handle.length()) grow(*each, count);
    }
  }

  void release(branch& self) {
    std::swap(self, branches_.back());
    branches_.pop_back();
  }

  void invalidate() {
    cache_.invalidate();
    ++epoch_;
  }

  void hear_what_left() {
    for (; removed_ < mirror().removed().size(); ++removed_) {
      require(model_.erase(mirror().removed()[removed_].second) == 1, "a page left twice");
    }
  }

  void check() {
    take_copies();
    if (const auto* broken = cache_.check_invariants()) require(false, broken);
    if (mirror().complaint() != nullptr) require(false, mirror().complaint());
    hear_what_left();
    require(mirror().entries().size() == model_.size(), "another number of pages is indexed");
    for (const auto& [page, entry] : mirror().entries()) {
      require(model_.contains(entry.prefix), "a page is indexed that was not committed");
    }
    auto memory = engine_.landed();
    std::set<page_id> in_use;
    for (const auto& self : branches_) {
      require(self.handle.length() == self.tokens.size(), "a sequence has another length");
      require(engine_.holds(memory, self.handle.runs(0, self.tokens.size()), fingerprints(self)),
              "a sequence has other bytes than its tokens");
      for (std::size_t i = 0; i < self.handle.page_count(); ++i) {
        in_use.insert(self.handle.page_at(i));
      }
    }
    check_statistics(in_use);
  }

  // A page is cached if no sequence needs it: as one of its own, or to hang later pages from.
  void check_statistics(const std::set<page_id>& in_tables) {
    std::set<indexed_prefix> needed;
    for (const auto& self : branches_) {
      for (std::size_t i = 1; i <= self.linked; ++i) {
        needed.insert(beginning(self.realm, self.tokens, i * per_page()));
      }
    }
    std::size_t cached = 0;
    std::set<page_id> held = in_tables;
    for (const auto& [page, entry] : mirror().entries()) {
      if (needed.contains(entry.prefix)) held.insert(page);
    }
    for (const auto& [page, entry] : mirror().entries()) {
      if (engine_.busy(page)) hold(page, held);
      if (in_tables.contains(page)) hold(page, held);
    }
    for (const auto& [page, entry] : mirror().entries()) cached += held.contains(page) ? 0 : 1;
    const auto seen = cache_.statistics();
    require(seen.cached_pages == cached, "cached pages are miscounted");
    require(
        seen.used_pages + seen.free_pages + seen.cached_pages + seen.landing_pages == seen.pages,
        "a page is lost");
    require(seen.sequences == branches_.size(), "sequences are miscounted");
  }
  void hold(page_id page, std::set<page_id>& held) const {
    for (std::optional<page_id> at = page; at; at = mirror().entries().at(*at).parent) {
      held.insert(*at);
    }
  }

  std::mt19937 rng_;
  cache_type cache_;
  engine<cache_type> engine_{cache_};
  std::vector<branch> branches_;
  std::set<indexed_prefix> model_;
  std::size_t removed_ = 0;  // events of the mirror that the model has heard of
  std::uint64_t epoch_ = 0;
};

}  // namespace kvfolio::test
