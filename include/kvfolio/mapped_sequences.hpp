// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/cache_config.hpp>
#include <kvfolio/contiguous_config.hpp>
#include <kvfolio/contiguous_policies.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/copy_op.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/mapping_audit.hpp>
#include <kvfolio/mapping_statistics.hpp>
#include <kvfolio/page/page_run.hpp>
#include <kvfolio/page/wish_list.hpp>
#include <kvfolio/vm/chunk_pool.hpp>
#include <kvfolio/vm/extension.hpp>
#include <kvfolio/vm/reclamation.hpp>
#include <kvfolio/vm/row_copier.hpp>
#include <kvfolio/vm/row_map.hpp>
#include <kvfolio/vm/slot_pool.hpp>
#include <kvfolio/vm/tensor_layout.hpp>

namespace kvfolio {

/// The addresses of the sequences of a `contiguous_cache`, and what is mapped there: the mechanism
/// below it, which adds verbs and errors.
///
/// Each sequence, a row of the page tables, has a *slot* of addresses. Place `i` of a slot shows
/// the page at `i` of the sequence, a row of chunks; places after its end may go on showing what
/// they did. A page is shown for reading and writing at one place at most.
///
/// All members but the constructor are `noexcept` and allocate nothing. It is the work of the
/// extension policy, by way of which all calls come: one at a time, from the thread of the cache or
/// that of the policy. Only what is said to be *the cache's* may be called besides.
template <contiguous_bundle Policies>
class mapped_sequences {
 public:
  using backend = typename Policies::backend;      ///< who maps
  using layout = typename Policies::layout;        ///< what lies where in a sequence
  using copier = vm::row_copier<backend, layout>;  ///< who copies rows
  using row_id = std::uint32_t;                    ///< of the page tables

  /// Takes all memory, and reserves all addresses. \throws as the constructor of the cache
  mapped_sequences(const contiguous_config& config, backend made)
      : backend_{std::move(made)},
        layout_{config.shape, config.chunk_bytes},
        config_{config.in_rows(layout_)},
        rows_{backend_,
              {.chunk_bytes = config.chunk_bytes,
               .rows = config_.pages,
               .chunks_per_row = vm::chunks_per_row(layout_)}},
        map_{backend_,
             rows_,
             layout_,
             {.slots = config.max_sequences,
              .rows_per_slot = static_cast<std::uint32_t>(config_.longest_in_pages())}},
        copier_{backend_, rows_, layout_},
        slots_{config.max_sequences, static_cast<std::uint32_t>(config_.longest_in_pages())},
        wishes_{config_.pages},
        slot_of_(config.max_sequences),
        writers_(config_.pages),
        shown_(config_.longest_in_pages()) {}

  mapped_sequences(const mapped_sequences&) = delete;
  mapped_sequences& operator=(const mapped_sequences&) = delete;

  /// The cache whose pages are the rows.
  [[nodiscard]] const cache_config& config() const noexcept { return config_; }
  /// What lies where.
  [[nodiscard]] const layout& places() const noexcept { return layout_; }
  /// Who maps.
  [[nodiscard]] backend& source() noexcept { return backend_; }
  /// What is mapped.
  [[nodiscard]] const vm::row_map<backend>& map() const noexcept { return map_; }
  /// The memory of the rows.
  [[nodiscard]] const vm::chunk_pool<backend>& rows() const noexcept { return rows_; }
  /// The slot of `row`.
  [[nodiscard]] std::uint32_t slot_of(row_id row) const noexcept { return slot_of_[row]; }

  /// What an extension must know of it to map `look_ahead` tokens ahead.
  [[nodiscard]] vm::extension_config ahead(std::uint32_t look_ahead) const noexcept {
    return {.slots = map_.config().slots,
            .rows_per_slot = map_.config().rows_per_slot,
            .tokens_per_row = layout_.tokens_per_row(),
            .look_ahead = look_ahead};
  }

  /// Who says which pages are worth more to whom.
  [[nodiscard]] page::wish_list& wishes() noexcept { return wishes_; }

  /// Pages are in use: their rows have content that matters.
  void claim(page_run pages) noexcept {
    for (auto row = pages.first; row != pages.end(); row = next(row)) rows_.claim(row);
  }
  /// They are free.
  void disclaim(page_run pages) noexcept {
    for (auto row = pages.first; row != pages.end(); row = next(row)) rows_.unpin(row);
  }
  /// Carries out a copy. O(bytes).
  [[nodiscard]] result<void> copy(const copy_op& op) noexcept {
    return copier_.copy(op.source, op.destination, op.first_token, op.tokens);
  }

  /// Writes the bytes of `page` to `bytes`, in the order of the layout's pieces. O(bytes).
  [[nodiscard]] result<void> read(page_id page, std::span<std::byte> bytes) noexcept {
    return copier_.read(page, 0, layout_.tokens_per_row(), bytes);
  }
  /// Undoes that. Precondition: nobody uses `page`.
  [[nodiscard]] result<void> write(page_id page, std::span<const std::byte> bytes) noexcept {
    return copier_.write(page, 0, layout_.tokens_per_row(), bytes);
  }

  /// Shows a free page at the place after the last one of `slot`, for writing, so that its sequence
  /// may wish for it; or returns why it cannot. See `extension_work`.
  [[nodiscard]] result<void> extend(std::uint32_t slot) noexcept {
    const auto place = map_.mapped(slot);
    if (place == map_.config().rows_per_slot || !has_room(1)) return errc::no_mappings;
    const auto page = rows_.take();
    if (!page) return errc::out_of_pages;
    auto done = become_writer(slot, place, *page);
    if (done) done = map_.map(slot, place, {&*page, 1}, vm::access::read_write);
    rows_.unpin(*page);
    return done;
  }
  /// Nothing is left to prepare: all memory is there.
  [[nodiscard]] bool prepare() noexcept { return false; }
  /// See `extension_work`.
  [[nodiscard]] result<void> bind_thread() noexcept { return backend_.bind_thread(); }

  /// Gives `row` a slot: where most of `pages`, its first ones, are shown already. If none are, and
  /// what was released is free again, then where `needed` places are; else where the fewest are, as
  /// those in use by the index may be found. O(slots), and the places that are compared. Fails as
  /// the backend does. Precondition: a slot is free, and `!waits_for_slot()`.
  [[nodiscard]] result<void> take_slot(row_id row, std::span<const page_id> pages,
                                       std::size_t needed) noexcept {
    auto best = std::optional<std::uint32_t>{};
    std::size_t most = 0;
    std::size_t fits = 0;
    for (std::uint32_t slot = 0; slot < map_.config().slots; ++slot) {
      if (!is_open(slot)) continue;
      const auto same = shown_beginning(slot, pages);
      const auto fit = fitness(map_.mapped(slot), needed);
      if (best && (same < most || (same == most && fit <= fits))) continue;
      best = slot;
      most = same;
      fits = fit;
    }
    KVFOLIO_EXPECTS(best.has_value());
    slots_.take(*best);
    slot_of_[row] = *best;
    return disarm(*best);
  }

  /// Are slots free, but none in which all steps are over that may use it? O(slots).
  [[nodiscard]] bool waits_for_slot() const noexcept {
    bool free = false;
    for (std::uint32_t slot = 0; slot < map_.config().slots; ++slot) {
      if (is_open(slot)) return false;
      free |= slots_.is_free(slot);
    }
    return free;
  }

  /// Takes the slot of `row`, whose sequence is gone. What it shows, it goes on showing, as long as
  /// the reclamation policy lets it.
  void give_slot(row_id row) noexcept {
    const auto slot = slot_of_[row];
    slots_.retire(slot, map_.mapped(slot), step_);
    reclaim();
  }

  /// Steps up to `begun` have begun, and those before `completed` are over: nobody uses any more
  /// what sequences had that were gone by then.
  void advance(vm::epoch begun, vm::epoch completed) noexcept {
    KVFOLIO_EXPECTS(begun >= step_);
    step_ = begun;
    completed_ = completed;
    reclaim();
  }

  /// Can `rows` more be shown, beside those that are promised?
  [[nodiscard]] bool has_room(std::size_t rows) const noexcept {
    return map_.has_room(rows + promised_);
  }
  /// Sees to it that `rows` more can be shown until `fulfil(rows)`, by showing fewer of those that
  /// sequences left behind, and says whether that was enough.
  [[nodiscard]] bool promise(std::size_t rows) noexcept {
    while (!has_room(rows)) {
      const auto slot = slots_.victim(completed_);
      if (!slot || !shrink(*slot)) return false;
    }
    promised_ += rows;
    return true;
  }
  /// Ends that.
  void fulfil(std::size_t rows) noexcept { promised_ -= rows; }

  /// The next page that is taken, any will do.
  void wish_any() noexcept { wishes_.add(std::nullopt); }
  /// The next ones that are taken should be those that `row` shows at the places `[first, last)`.
  void wish(row_id row, std::size_t first, std::size_t last) noexcept {
    for (auto place = first; place < last; ++place) {
      const auto shown = map_.at(slot_of_[row], static_cast<std::uint32_t>(place));
      wishes_.add(shown ? std::optional{shown->row} : std::nullopt);
    }
  }
  /// Shows nothing any more from place `end` of `row` on, if all steps are over.
  void cut(row_id row, std::size_t end) noexcept {
    if (!is_over(step_)) return;
    const auto slot = slot_of_[row];
    (void)map_.unmap(slot, static_cast<std::uint32_t>(end), map_.mapped(slot));
  }

  /// Does `row` show `page` at `place`, for reading and writing? O(1).
  [[nodiscard]] bool shows_own(row_id row, std::size_t place, page_id page) const noexcept {
    return map_.at(slot_of_[row], static_cast<std::uint32_t>(place)) ==
           vm::mapped_row{page, vm::access::read_write};
  }

  /// Shows the pages `[first, last)` of `row`, of which `page_at` tells, with this access. O(last -
  /// first) calls of the backend, but for what is shown so already. Fails as the backend does;
  /// then some are shown, and others are not.
  template <class PageAt>
  [[nodiscard]] result<void> show(row_id row, std::size_t first, std::size_t last,
                                  vm::access allowed, PageAt page_at) noexcept {
    const auto slot = slot_of_[row];
    const auto mapped = std::min<std::size_t>(last, map_.mapped(slot));
    for (auto place = first; place < mapped; ++place) {
      if (auto done = show_at(slot, place, page_at(place), allowed); !done) return done;
    }
    const auto added = std::max(first, mapped);
    if (added >= last) return {};
    const auto fresh = std::span{shown_}.first(last - added);
    for (auto place = added; place < last; ++place) {
      fresh[place - added] = page_at(place);
      if (allowed == vm::access::read_write) {
        if (auto done = become_writer(slot, place, page_at(place)); !done) return done;
      }
    }
    return map_.map(slot, static_cast<std::uint32_t>(added), fresh, allowed);
  }

  /// Lets nobody write at the first `places` of `row`, or fails as the backend does, all or none.
  [[nodiscard]] result<void> protect(row_id row, std::size_t places) noexcept {
    return map_.protect(slot_of_[row], 0, static_cast<std::uint32_t>(places), vm::access::read);
  }

  /// The view of `part` of `layer`, for the first `tokens` tokens of `row`.
  [[nodiscard]] vm::part_view<layout> view(row_id row, vm::kv_part part, std::uint32_t layer,
                                           std::size_t tokens) const noexcept {
    auto* const data = map_.data(layout_.place(part, layer).tensor, slot_of_[row]);
    return vm::view_of(layout_, data, part, layer, tokens);
  }

  /// Counts what is mapped. O(1).
  [[nodiscard]] mapping_statistics statistics() const noexcept {
    const auto usage = backend_.usage();
    return {.reserved_bytes = usage.reserved_bytes,
            .memory_bytes = usage.physical_bytes,
            .shown_places = rows_.mappings(),
            .shown_pages = rows_.mapped(),
            .left_pages = rows_.lingering(),
            .maps = map_.calls().maps,
            .access_changes = map_.calls().accesses,
            .unmaps = map_.calls().unmaps};
  }

  /// Which invariant does not hold; nullptr if all do. For tests: O(pages and slots), and it
  /// allocates. \throws std::bad_alloc
  template <class Tables, class ForEachAlive>
  [[nodiscard]] const char* broken_invariant(const Tables& tables, ForEachAlive alive) const {
    return audit{*this}.broken_invariant(tables, alive);
  }
  /// Mixes into `hash` what decides which pages are wished for. O(pages and slots).
  [[nodiscard]] std::uint64_t digest(std::uint64_t hash) const noexcept {
    return audit{*this}.digest(hash);
  }

 private:
  using audit = detail::mapping_audit<mapped_sequences>;
  friend audit;

  // Where a page was last shown for reading and writing.
  struct writer {
    std::uint32_t slot = UINT32_MAX;
    std::uint32_t place = 0;
    friend bool operator==(const writer&, const writer&) = default;
  };

  [[nodiscard]] static page_id next(page_id page) noexcept { return to_page(to_index(page) + 1); }

  [[nodiscard]] bool is_open(std::uint32_t slot) const noexcept {
    return slots_.is_free(slot) && (map_.mapped(slot) == 0 || is_over(slots_.used_until(slot)));
  }
  // Are the steps up to `last` over?
  [[nodiscard]] bool is_over(vm::epoch last) const noexcept { return last < completed_; }

  // The better a slot that shows `places` suits who needs so many, the higher.
  [[nodiscard]] static std::size_t fitness(std::size_t places, std::size_t needed) noexcept {
    if (Policies::prefix_index::enabled) return SIZE_MAX - places;  // these may be found yet
    return places >= needed ? SIZE_MAX - (places - needed) : places;
  }

  // Takes the rights to write that others have got since the slot was left.
  [[nodiscard]] result<void> disarm(std::uint32_t slot) noexcept {
    for (std::uint32_t place = 0; place < map_.mapped(slot); ++place) {
      const auto shown = *map_.at(slot, place);
      if (shown.allowed != vm::access::read_write) continue;
      if (writers_[to_index(shown.row)] == writer{slot, place}) continue;
      const auto done = map_.protect(slot, place, place + 1, vm::access::none);
      if (!done) return done;
    }
    return {};
  }

  // How many of `pages` the slot shows, from the first on.
  [[nodiscard]] std::size_t shown_beginning(std::uint32_t slot,
                                            std::span<const page_id> pages) const noexcept {
    const auto most = std::min<std::size_t>(pages.size(), map_.mapped(slot));
    std::size_t same = 0;
    while (same < most && map_.at(slot, static_cast<std::uint32_t>(same))->row == pages[same]) {
      ++same;
    }
    return same;
  }

  [[nodiscard]] result<void> show_at(std::uint32_t slot, std::size_t place, page_id page,
                                     vm::access allowed) noexcept {
    if (allowed == vm::access::read_write) {
      if (auto done = become_writer(slot, place, page); !done) return done;
    }
    return map_.put(slot, static_cast<std::uint32_t>(place), page, allowed);
  }

  // Takes the right to write to `page` from the place that has it.
  [[nodiscard]] result<void> become_writer(std::uint32_t slot, std::size_t place,
                                           page_id page) noexcept {
    const writer now{slot, static_cast<std::uint32_t>(place)};
    const auto before = std::exchange(writers_[to_index(page)], now);
    constexpr auto writing = vm::access::read_write;
    if (before == writer{} || before == now) return {};
    if (map_.at(before.slot, before.place) != vm::mapped_row{page, writing}) return {};
    if (slots_.is_free(before.slot)) {
      if (!is_over(slots_.used_until(before.slot))) return {};  // see `disarm`
      // One call, and the next owner needs none: as a rule it is the last place that goes first.
      if (before.place + 1 == map_.mapped(before.slot)) return shrink(before.slot);
    }
    return map_.protect(before.slot, before.place, before.place + 1, vm::access::none);
  }

  result<void> shrink(std::uint32_t slot) noexcept {
    const auto last = map_.mapped(slot) - 1;
    auto done = map_.unmap(slot, last, last + 1);
    slots_.shrank(slot, last);
    return done;
  }

  // What the reclamation policy wants to be shown no longer.
  void reclaim() noexcept {
    using rule = typename Policies::reclamation;
    while (rule::due({.free = rows_.free(), .low = rows_.config().low})) {
      const auto slot = slots_.victim(completed_);
      if (!slot || !shrink(*slot)) return;
    }
  }

  backend backend_;
  layout layout_;
  cache_config config_;
  vm::chunk_pool<backend> rows_;
  vm::row_map<backend> map_;
  copier copier_;
  vm::slot_pool slots_;
  page::wish_list wishes_;
  result<void> copied_;                 // or why copying did not work
  std::vector<std::uint32_t> slot_of_;  // by row
  std::vector<writer> writers_;         // by page
  std::vector<page_id> shown_;          // for one call
  std::size_t promised_ = 0;            // rows
  vm::epoch step_{};
  vm::epoch completed_{UINT64_MAX};
};

}  // namespace kvfolio
