// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <kvfolio/paged_cache.hpp>

#include "bundles.hpp"

namespace kvfolio::test {

/// Throws, saying what should have held: for helpers that a fuzzer and googletest share.
inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// Plays the inference engine of a cache: fills tokens with bytes that only they have, and carries
/// out deferred copies when it is told to, on memory of its own where the cache has none.
///
/// It is as late as it can be: the source of a copy is written to (as far as the cache allows)
/// before the copy runs, as by a second stream; only what is written to a destination waits for the
/// copy.
template <class Cache>
class engine {
 public:
  explicit engine(Cache& cache) : cache_{cache} {
    if constexpr (!host_memory<typename Cache::policies::memory>) {
      own_.resize(cache.config().pages * cache.layout().bytes());
    }
  }

  /// Computes the tokens `values` into `runs`.
  template <class Runs>
  void write(const Runs& runs, std::span<const token_id> values) {
    std::size_t next = 0;
    for (const token_run run : runs) {
      if (waits_for_copy(run.page)) land_all();
      for (std::uint32_t i = 0; i < run.tokens; ++i) {
        fill(bytes(), run.page, run.first_token + i, values[next++]);
      }
    }
    require(next == values.size(), "runs have another length than was asked for");
  }

  /// Do `runs` hold the tokens `values` in `memory`, every byte of them?
  template <class Runs>
  [[nodiscard]] bool holds(std::span<std::byte> memory, const Runs& runs,
                           std::span<const token_id> values) const {
    std::size_t next = 0;
    for (const token_run run : runs) {
      for (std::uint32_t i = 0; i < run.tokens; ++i) {
        if (next == values.size()) return false;
        if (!matches(memory, run.page, run.first_token + i, values[next++])) return false;
      }
    }
    return next == values.size();
  }

  /// The memory as it will be when all copies have landed.
  [[nodiscard]] std::vector<std::byte> landed() {
    const auto now = bytes();
    std::vector<std::byte> later(now.begin(), now.end());
    for (const auto& op : flying_) copy(later, op);
    return later;
  }

  /// Says that the cache has just decided on this copy.
  void foresee(const copy_op& op) {
    if constexpr (defers<Cache>) {
      flying_.push_back(op);
      unreported_.push_back(op);
      auto& unread = unread_[op.source];
      unread = std::max(unread, op.first_token + op.tokens);
    }
  }

  /// Copies that were foreseen and not taken.
  [[nodiscard]] std::size_t foreseen() const { return flying_.size() - taken_; }

  /// Takes at most `most` copies from the cache: those that were foreseen, if any were.
  void take(std::size_t most) {
    if constexpr (defers<Cache>) {
      std::vector<copy_op> ops(most);
      const auto waiting = cache_.waiting_copies();
      const auto batch = cache_.take_copies(ops);
      require(batch.count == std::min(most, waiting), "took fewer copies than there were");
      require(cache_.waiting_copies() == waiting - batch.count, "waiting copies are miscounted");
      for (std::size_t i = 0; i < batch.count; ++i) {
        if (taken_ == flying_.size()) foresee(ops[i]);
        require(flying_[taken_++] == ops[i], "a copy that nobody foresaw");
      }
      tickets_.emplace_back(batch.ticket, landed_count_ + taken_);
    }
  }

  /// Carries out at most `most` of the copies that were taken, in order.
  void land(std::size_t most) {
    for (most = std::min(most, taken_); most != 0; --most, --taken_, ++landed_count_) {
      copy(bytes(), flying_.front());
      flying_.pop_front();
    }
  }

  /// Reports at most `most` tickets whose copies have landed, and an old one again.
  void report(std::size_t most) {
    if constexpr (defers<Cache>) {
      if (reported_ticket_) cache_.complete(*reported_ticket_);
      for (; most != 0 && !tickets_.empty() && tickets_.front().second <= landed_count_; --most) {
        const auto [ticket, count] = tickets_.front();
        tickets_.pop_front();
        cache_.complete(ticket);
        reported_ticket_ = ticket;
        for (; reported_ < count; ++reported_) unreported_.pop_front();
        std::erase_if(unread_, [this](const auto& each) { return !busy(each.first); });
      }
    }
  }

  /// Carries out and reports everything.
  void settle() {
    land_all();
    report(tickets_.size());
  }

  /// Does a copy that was not reported yet touch `page`?
  [[nodiscard]] bool busy(page_id page) const {
    return std::ranges::any_of(unreported_, [page](const copy_op& op) {
      return op.source == page || op.destination == page;
    });
  }

  /// What `page` may not be written below: the most tokens that a copy reads, until no copy touches
  /// the page.
  [[nodiscard]] std::uint32_t unread(page_id page) const {
    const auto found = unread_.find(page);
    return found == unread_.end() ? 0 : found->second;
  }

 private:
  [[nodiscard]] std::span<std::byte> bytes() {
    if constexpr (host_memory<typename Cache::policies::memory>) {
      const auto first = cache_.bytes(page_id{0});
      return {first.data(), cache_.config().pages * first.size()};
    } else {
      return own_;
    }
  }

  // Calls `visit(offset, bytes)` for each key, value and scale of one token: written with nothing
  // but the offsets of single tokens, unlike the copies of the library.
  template <class Visit>
  void for_each_piece(page_id page, std::uint32_t token, Visit visit) const {
    const auto& layout = cache_.layout();
    const auto& shape = layout.shape();
    const auto start = to_index(page) * layout.bytes();
    for (std::uint32_t layer = 0; layer < shape.layers; ++layer) {
      for (std::uint32_t head = 0; head < shape.kv_heads; ++head) {
        visit(start + layout.key(layer, head, token), shape.key_bytes());
        if (shape.value_dim != 0) {
          visit(start + layout.value(layer, head, token), shape.value_bytes());
        }
        if (shape.scale_bytes != 0) {
          visit(start + layout.scale(layer, head, token), std::size_t{shape.scale_bytes});
        }
      }
    }
  }

  [[nodiscard]] static std::byte content(token_id value, std::size_t place) {
    return static_cast<std::byte>(mix_bits(static_cast<std::uint64_t>(value) * 4096 + place));
  }

  void fill(std::span<std::byte> memory, page_id page, std::uint32_t token, token_id value) const {
    std::size_t place = 0;
    for_each_piece(page, token, [&](std::size_t offset, std::size_t size) {
      for (auto& each : memory.subspan(offset, size)) each = content(value, place++);
    });
  }

  [[nodiscard]] bool matches(std::span<std::byte> memory, page_id page, std::uint32_t token,
                             token_id value) const {
    bool equal = true;
    std::size_t place = 0;
    for_each_piece(page, token, [&](std::size_t offset, std::size_t size) {
      for (const auto each : memory.subspan(offset, size)) equal &= each == content(value, place++);
    });
    return equal;
  }

  void copy(std::span<std::byte> memory, const copy_op& op) const {
    for (auto token = op.first_token; token < op.first_token + op.tokens; ++token) {
      const auto forward =
          (to_index(op.destination) - to_index(op.source)) * cache_.layout().bytes();
      for_each_piece(op.source, token, [&](std::size_t offset, std::size_t size) {
        std::ranges::copy(memory.subspan(offset, size), memory.subspan(offset + forward).begin());
      });
    }
  }

  [[nodiscard]] bool waits_for_copy(page_id page) const {
    return std::ranges::any_of(flying_,
                               [page](const copy_op& op) { return op.destination == page; });
  }

  void land_all() {
    if constexpr (defers<Cache>) take(cache_.waiting_copies());
    land(taken_);
  }

  Cache& cache_;
  std::vector<std::byte> own_;
  std::deque<copy_op> flying_;      // decided on and not carried out; the first `taken_` are taken
  std::deque<copy_op> unreported_;  // decided on and not reported as landed
  std::map<page_id, std::uint32_t> unread_;
  std::size_t taken_ = 0;
  std::size_t landed_count_ = 0;                             // copies ever carried out
  std::size_t reported_ = 0;                                 // copies ever reported
  std::deque<std::pair<copy_ticket, std::size_t>> tickets_;  // with the copies up to each
  std::optional<copy_ticket> reported_ticket_;
};

}  // namespace kvfolio::test
