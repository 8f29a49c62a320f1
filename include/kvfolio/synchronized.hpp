// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/fit.hpp>
#include <kvfolio/lock/concept.hpp>
#include <kvfolio/page/reservation_rule.hpp>
#include <kvfolio/request_options.hpp>
#include <kvfolio/truncation.hpp>

namespace kvfolio {

/// A cache for many threads: every call takes one lock, and so happens before or after every other.
///
/// ```
/// kv::synchronized<kv::paged_cache<>> cache{config};
/// auto chat = cache.create(prompt).value();                           // on any thread
/// cache.with([](auto& one) { return one.state_digest(); });           // anything else
/// ```
///
/// What `with` is given must not leave it: handles of `Cache` itself take no lock. The bytes of
/// pages are not the lock's business: two threads may read and write those of different pages.
/// `Mutex` is `std::mutex`, or `lock::none` for one thread. It neither moves nor copies, and
/// outlives its sequences.
template <class Cache, mutual_exclusion Mutex = std::mutex>
class synchronized {
 public:
  /// A sequence that any thread may use, one after the other or at once: each call takes the lock.
  /// The verbs are those of `kvfolio::sequence`.
  class sequence {
   public:
    /// An empty handle.
    sequence() noexcept = default;
    /// Takes over what `other` has, and leaves it empty. No lock: both are the caller's.
    sequence(sequence&& other) noexcept
        : owner_{std::exchange(other.owner_, nullptr)}, kv_{std::move(other.kv_)} {}
    /// Releases what it has, and takes over what `other` has.
    sequence& operator=(sequence&& other) noexcept {
      if (this != &other) {
        release();
        owner_ = std::exchange(other.owner_, nullptr);
        kv_ = std::move(other.kv_);
      }
      return *this;
    }
    sequence(const sequence&) = delete;
    sequence& operator=(const sequence&) = delete;
    ~sequence() { release(); }

    /// Does it hold a sequence?
    [[nodiscard]] explicit operator bool() const noexcept { return owner_ != nullptr; }
    /// Calls `use(sequence)` under the lock and returns what it does: for several steps that belong
    /// together, and what has no shorthand here.
    template <class Use>
    decltype(auto) with(Use&& use) {
      KVFOLIO_EXPECTS(owner_ != nullptr);
      const std::lock_guard guard{owner_->mutex_};
      return std::forward<Use>(use)(kv_);
    }

    /// \copydoc kvfolio::sequence::length
    [[nodiscard]] std::size_t length() {
      return with([](auto& kv) { return kv.length(); });
    }
    /// \copydoc kvfolio::sequence::committed
    [[nodiscard]] std::size_t committed() {
      return with([](auto& kv) { return kv.committed(); });
    }
    /// \copydoc kvfolio::sequence::append
    [[nodiscard]] result<void> append(std::size_t tokens) {
      return with([&](auto& kv) { return kv.append(tokens); });
    }
    /// \copydoc kvfolio::sequence::ensure
    [[nodiscard]] result<void> ensure(std::size_t tokens, const request_size& asked = {}) {
      return with([&](auto& kv) { return kv.ensure(tokens, asked); });
    }
    /// \copydoc kvfolio::sequence::commit
    void commit(std::span<const token_id> tokens) {
      with([&](auto& kv) { kv.commit(tokens); });
    }
    /// \copydoc kvfolio::sequence::truncate
    truncation truncate(std::size_t length) {
      return with([&](auto& kv) { return kv.truncate(length); });
    }
    /// Writes the page ids to the front of `out`, as many as fit, and returns how many there are.
    /// O(pages).
    std::size_t export_pages(std::span<std::int32_t> out) {
      return with([&](auto& kv) {
        if (kv.page_count() <= out.size()) kv.export_pages(out);
        return kv.page_count();
      });
    }
    /// \copydoc kvfolio::sequence::fork
    [[nodiscard]] result<sequence> fork() {
      return with([&](auto& kv) { return owner_->wrap(kv.fork()); });
    }
    /// \copydoc kvfolio::sequence::release
    void release() noexcept {
      if (auto* const owner = std::exchange(owner_, nullptr)) {
        const std::lock_guard guard{owner->mutex_};
        kv_.release();
      }
    }

   private:
    friend synchronized;
    sequence(synchronized& owner, typename Cache::sequence kv) noexcept
        : owner_{&owner}, kv_{std::move(kv)} {}

    synchronized* owner_ = nullptr;
    typename Cache::sequence kv_;
  };

  /// Makes a cache of `arguments`. \throws what its constructor throws
  template <class... Arguments>
  requires std::constructible_from<Cache, Arguments...>
  explicit synchronized(Arguments&&... arguments) : cache_{std::forward<Arguments>(arguments)...} {}
  synchronized(const synchronized&) = delete;
  synchronized& operator=(const synchronized&) = delete;
  ~synchronized() = default;

  /// Calls `use(cache)` under the lock and returns what it does. Precondition: neither `use` nor
  /// what it calls uses this object or its sequences.
  template <class Use>
  decltype(auto) with(Use&& use) {
    const std::lock_guard guard{mutex_};
    return std::forward<Use>(use)(cache_);
  }

  /// \copydoc paged_cache::create
  [[nodiscard]] result<sequence> create(std::span<const token_id> prompt = {},
                                        const request_options& options = {}) {
    return with([&](Cache& cache) { return wrap(cache.create(prompt, options)); });
  }
  /// \copydoc paged_cache::probe
  [[nodiscard]] fit probe(std::span<const token_id> prompt, const request_options& options = {}) {
    return with([&](Cache& cache) { return cache.probe(prompt, options); });
  }

 private:
  [[nodiscard]] result<sequence> wrap(result<typename Cache::sequence> made) noexcept {
    if (!made) return made.error();
    return sequence{*this, *std::move(made)};
  }

  Mutex mutex_;
  Cache cache_;
};

}  // namespace kvfolio
