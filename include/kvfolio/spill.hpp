// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/model/page_array.hpp>
#include <kvfolio/observe/notify.hpp>
#include <kvfolio/prefix/by_sha256.hpp>
#include <kvfolio/prefix/concept.hpp>
#include <kvfolio/request_options.hpp>
#include <kvfolio/tier/store.hpp>
#include <kvfolio/tier/store_fingerprint.hpp>
#include <kvfolio/tier/store_key.hpp>

namespace kvfolio {

/// What a `spill` did so far.
struct spill_counts {
  std::uint64_t spilled = 0;   ///< pages that were evicted, and put into the store
  std::uint64_t refused = 0;   ///< pages that it did not take
  std::uint64_t restored = 0;  ///< pages that were found there, and read

  /// Equal in every member.
  friend constexpr bool operator==(const spill_counts&, const spill_counts&) = default;
};

/// Keeps what a cache evicts in a store, and finds it there again: later, after a restart, or from
/// another process that has the same fingerprint.
///
/// ```
/// struct serving : kv::default_policies { using observer = kv::spill<store_type>::listener; };
/// kv::spill<store_type> spilled{store, kv::tier::fingerprint_of("model", layout), config.pages};
/// auto parts = kv::cache_parts<serving>::make(config);
/// parts.observer = spilled.hear();
/// kv::paged_cache<serving> cache{config, std::move(parts)};
/// spilled.attach(cache.page_array());
/// auto seq = spilled.create(cache, prompt).value();
/// ```
///
/// Pages are stored under half a SHA-256 of all that they stand for, their scope and media
/// included. It is built of what a cache offers everybody: it hears of each page that is evicted
/// while that still has its bytes, and computes a prompt's pages by reading them. So caches that do
/// not spill know nothing of it, and pages on their way in are drafts, which nobody finds. A
/// `reset` spills what was cached.
///
/// Numbers of epochs are part of the key, and begin anew in each process: what the model's weights
/// change must change the fingerprint, too. Costs 48 bytes per page, and a hash and a `put` on the
/// way of what is indexed and evicted. Allocates in the constructor only. One owner thread, the
/// cache's. Neither moves nor copies; outlives the cache.
template <tier::page_store Store>
class spill {
 public:
  /// Hears of the pages of one cache, on behalf of a `spill`; as made, of none.
  class listener
      : public ignore_all_but<event::page_indexed, event::page_evicted, event::invalidated> {
   public:
    /// Hears nothing.
    listener() noexcept = default;

    using ignore_all_but<event::page_indexed, event::page_evicted, event::invalidated>::on;
    /// Names the page.
    void on(const event::page_indexed& event) noexcept {
      if (owner_ != nullptr) owner_->name(event);
    }
    /// Stores the page.
    void on(const event::page_evicted& event) noexcept {
      if (owner_ != nullptr) owner_->store(event.page);
    }
    /// What is older is not worth storing.
    void on(const event::invalidated& event) noexcept {
      if (owner_ != nullptr) owner_->epoch_ = event.epoch;
    }

   private:
    friend spill;
    explicit listener(spill& owner) noexcept : owner_{&owner} {}

    spill* owner_ = nullptr;
  };

  /// Spills pages `[0, pages)` of a cache to `store`, which must outlive it and whose pages are
  /// those of `fingerprint`. \throws std::bad_alloc
  spill(Store& store, const tier::store_fingerprint& fingerprint, std::size_t pages)
      : store_{store}, identity_{fingerprint.seed()}, named_(pages) {}

  spill(const spill&) = delete;
  spill(spill&&) = delete;
  spill& operator=(const spill&) = delete;
  spill& operator=(spill&&) = delete;
  ~spill() = default;

  /// The observer for the parts of the cache.
  [[nodiscard]] listener hear() noexcept { return listener{*this}; }

  /// Reads and writes the pages of the cache in `pages`. Precondition: these have the size of the
  /// store's. To be called once, before a page is evicted: what is evicted before is lost.
  void attach(const model::page_array& pages) noexcept {
    KVFOLIO_EXPECTS(pages.layout().bytes() == store_.page_bytes());
    pages_.emplace(pages);
  }

  /// As `cache.create(prompt, options)`; then goes on with pages of the prompt that are in the
  /// store, in whole pages, as long as there are such and as there is room for them.
  ///
  /// `length()` and `committed()` say what was found in either place. What the cache has of a
  /// page's beginning is given up if the store has all of it. O(hit pages), and the store. Fails as
  /// `create` does; the store is never why. Precondition: `cache` is the one that was attached.
  template <class Cache>
  [[nodiscard]] result<typename Cache::sequence> create(
      Cache& cache, std::span<const token_id> prompt,
      const request_options& options = {}) noexcept {
    KVFOLIO_EXPECTS(pages_.has_value());
    auto made = cache.create(prompt, options);
    if (!made || prompt.empty()) return made;
    const std::size_t per_page = cache.tokens_per_page();
    const auto realm = cache.realm(options);
    const auto most = std::min(prompt.size() - 1, realm.identified()) / per_page;
    auto have = made->length() / per_page;
    auto last = have == 0 ? identity_.root(realm) : named_[to_index(made->page_at(have - 1))].key;
    while (have < most) {
      std::array<key_type, batch> keys{};
      const auto count = find(realm, last, prompt, have, std::min(batch, most - have), keys);
      const auto read = extend(cache, *made, prompt, have, std::span{keys}.first(count));
      have += read;
      if (read != batch) break;
      last = keys[batch - 1];
    }
    return made;
  }

  /// What was done so far.
  [[nodiscard]] const spill_counts& counts() const noexcept { return counts_; }

 private:
  using key_type = prefix::by_sha256::key_type;
  static constexpr std::size_t batch = 16;           // pages that the store is asked for at once
  static constexpr std::uint64_t none = UINT64_MAX;  // in which nothing is stored

  struct named_page {
    key_type key{};
    std::size_t first = 0;  // position of its first token
    std::uint64_t epoch = 0;
  };

  void name(const event::page_indexed& event) noexcept {
    const auto& [salt, adapter, version, epoch] = event.realm;
    const prefix_realm realm{{salt, adapter, version}, epoch, event.media};
    // What the index does not keep cannot be named.
    named_page made{.key = identity_.root(realm), .epoch = event.tokens.empty() ? none : epoch};
    if (event.parent) {
      const auto& parent = named_[to_index(*event.parent)];
      made.key = parent.key;
      made.first = parent.first + event.tokens.size();
    }
    made.key = identity_.next(realm, made.key, made.first, event.tokens);
    named_[to_index(event.page)] = made;
  }

  void store(page_id page) noexcept {
    const auto& named = named_[to_index(page)];
    if (!pages_ || named.epoch != epoch_) return;
    const bool kept = store_.put(tier::to_store_key(named.key), (*pages_)[page]).has_value();
    ++(kept ? counts_.spilled : counts_.refused);
  }

  // The keys of `count` pages of `prompt` from page `first` on, which follow `before`; returns how
  // many of them, from the first on, are in the store.
  [[nodiscard]] std::size_t find(const prefix_realm& realm, key_type before,
                                 std::span<const token_id> prompt, std::size_t first,
                                 std::size_t count, std::span<key_type> keys) noexcept {
    const std::size_t per_page = pages_->layout().tokens();
    for (std::size_t i = 0; i < count; ++i) {
      const auto at = (first + i) * per_page;
      before = keys[i] = identity_.next(realm, before, at, prompt.subspan(at, per_page));
      if (!store_.contains(tier::to_store_key(before))) return i;
    }
    return count;
  }

  // Reads the pages of `keys` to the end of `target`, which has `have` whole pages of `prompt`;
  // returns how many of them, from the first on, were there and had room.
  template <class Cache>
  [[nodiscard]] std::size_t extend(Cache& cache, typename Cache::sequence& target,
                                   std::span<const token_id> prompt, std::size_t have,
                                   std::span<const key_type> keys) noexcept {
    const std::size_t per_page = cache.tokens_per_page();
    const auto count = std::min(keys.size(), target.probe(0).pages_obtainable);
    if (count == 0) return 0;
    target.truncate(have * per_page);
    if (!target.append(count * per_page)) return 0;
    std::array<tier::store_read, batch> reads{};
    for (std::size_t i = 0; i < count; ++i) {
      reads[i] = {tier::to_store_key(keys[i]), cache.bytes(target.page_at(have + i)), false};
    }
    (void)store_.get_many(std::span{reads}.first(count));
    std::size_t read = 0;
    while (read < count && reads[read].hit) ++read;
    target.truncate((have + read) * per_page);
    target.commit(prompt.subspan(have * per_page, read * per_page));
    counts_.restored += read;
    return read;
  }

  Store& store_;
  prefix::by_sha256 identity_;
  std::vector<named_page> named_;           // by page, if it is indexed
  std::optional<model::page_array> pages_;  // of the cache, once there is one
  std::uint64_t epoch_ = 0;
  spill_counts counts_;
};

}  // namespace kvfolio
