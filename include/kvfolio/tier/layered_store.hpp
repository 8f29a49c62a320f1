// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/tier/store.hpp>
#include <kvfolio/tier/write_rules.hpp>

namespace kvfolio::tier {

/// A store that shows its pages before it gives them up. `visit` takes a `store_write`.
///
/// | expression             | meaning                                                              |
/// |------------------------|----------------------------------------------------------------------|
/// | `leaving(key)`         | the page that `put(key, ...)` would give up; `nullopt` if it would   |
/// |                        | none. Its bytes are valid until the store changes                    |
/// | `for_each_page(visit)` | calls `visit` for every page                                         |
// clang-format off
template <class S>
concept spilling_store =
    page_store<S> &&
    requires(const S& unchanging, const store_key& key, void (&visit)(const store_write&)) {
      { unchanging.leaving(key) } noexcept -> std::same_as<std::optional<store_write>>;
      { unchanging.for_each_page(visit) } -> std::same_as<void>;
    };
// clang-format on

/// A small fast store over a large slow one, which may itself be layered: host memory over a file
/// over Redis. What is found below only is copied to the upper store; when pages go down, `Rule`
/// says. Both stores are the caller's and must outlive it.
///
/// A page that the upper store cannot take goes down at once, and a lower store that fails costs
/// its pages and nothing else: `put` fails only if neither has the page. One owner thread.
template <page_store Upper, page_store Lower, write_rule Rule = write_through>
requires(!Rule::keeps_what_leaves || spilling_store<Upper>) class layered_store {
 public:
  /// `upper` over `lower`. \throws std::invalid_argument if their pages differ in size
  layered_store(Upper& upper, Lower& lower, Rule rule = Rule{})
      : upper_{&upper}, lower_{&lower}, rule_{std::move(rule)} {
    if (upper.page_bytes() != lower.page_bytes()) {
      throw std::invalid_argument("kvfolio: both layers of a store need pages of the same size");
    }
  }

  /// Bytes of a page.
  [[nodiscard]] std::size_t page_bytes() const noexcept { return upper_->page_bytes(); }

  /// Keeps it above, and below if the rule says so.
  [[nodiscard]] result<void> put(const store_key& key, std::span<const std::byte> bytes) noexcept {
    const store_write one{key, bytes};
    return put_many({&one, 1});
  }

  /// Finds it above or below.
  [[nodiscard]] bool get(const store_key& key, std::span<std::byte> out) noexcept {
    store_read one{key, out};
    return get_many({&one, 1}) == 1;
  }

  /// Is it above or below?
  [[nodiscard]] bool contains(const store_key& key) noexcept {
    return upper_->contains(key) || lower_->contains(key);
  }

  /// Forgets it above and below; was it there?
  bool erase(const store_key& key) noexcept {
    rule_.lost(key);
    const bool above = upper_->erase(key);
    return lower_->erase(key) || above;
  }

  /// `put` each; those that go down one after the other go down as a batch.
  [[nodiscard]] result<void> put_many(std::span<const store_write> writes) noexcept {
    result<void> all;
    std::size_t first = 0;  // of those that go down next
    bool kept = true;       // all of them, above
    const auto go_down = [&](std::size_t last) noexcept {
      if (first == last) return;
      const auto below = lower_->put_many(writes.subspan(first, last - first));
      if (all && !kept && !below) all = below;
    };
    for (std::size_t i = 0; i < writes.size(); ++i) {
      const bool above = keep_above(writes[i].key, writes[i].bytes).has_value();
      if (rule_.put(writes[i].key) || !above) {
        kept = kept && above;
      } else {
        go_down(i);
        first = i + 1;
        kept = true;
      }
    }
    go_down(writes.size());
    return all;
  }

  /// `get` each; those that are missing above one after the other are looked for as a batch.
  std::size_t get_many(std::span<store_read> reads) noexcept {
    auto hits = upper_->get_many(reads);
    while (!reads.empty()) {
      const auto next_hit =
          std::find_if(reads.begin(), reads.end(), [](const store_read& read) { return read.hit; });
      const auto missing = reads.first(static_cast<std::size_t>(next_hit - reads.begin()));
      if (!missing.empty()) hits += look_below(missing);
      reads = reads.subspan(missing.size());
      if (reads.empty()) break;
      const auto& [key, bytes, hit] = reads.front();
      if (rule_.hit(key)) (void)lower_->put(key, bytes);
      reads = reads.subspan(1);
    }
    return hits;
  }

  /// Writes what is above and not below; the first failure is returned. For a rule that writes
  /// back, before the upper store goes.
  [[nodiscard]] result<void> flush() noexcept requires spilling_store<Upper> {
    result<void> all;
    upper_->for_each_page([&](const store_write& page) noexcept {
      const auto below = send_down(page);
      if (all && !below) all = below;
    });
    return all;
  }

  /// That of both.
  [[nodiscard]] store_usage usage() noexcept {
    const auto above = upper_->usage();
    const auto below = lower_->usage();
    const bool countable = above.capacity <= SIZE_MAX - below.capacity;
    return {.bytes = above.bytes + below.bytes,
            .capacity = countable ? above.capacity + below.capacity : SIZE_MAX,
            .entries = above.entries + below.entries};
  }

 private:
  [[nodiscard]] result<void> keep_above(const store_key& key,
                                        std::span<const std::byte> bytes) noexcept {
    if constexpr (Rule::keeps_what_leaves) {
      if (const auto leaving = upper_->leaving(key)) (void)send_down(*leaving);
    }
    return upper_->put(key, bytes);
  }

  [[nodiscard]] result<void> send_down(const store_write& page) noexcept {
    if (lower_->contains(page.key)) return {};
    return lower_->put(page.key, page.bytes);
  }

  // Of `missing`, none is above.
  [[nodiscard]] std::size_t look_below(std::span<store_read> missing) noexcept {
    const auto hits = lower_->get_many(missing);
    for (const auto& read : missing) {
      if (read.hit) {
        (void)keep_above(read.key, read.bytes);
      } else {
        rule_.lost(read.key);
      }
    }
    return hits;
  }

  Upper* upper_;
  Lower* lower_;
  [[no_unique_address]] Rule rule_;
};

}  // namespace kvfolio::tier
