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
#include <kvfolio/cache_parts.hpp>
#include <kvfolio/contiguous_config.hpp>
#include <kvfolio/contiguous_policies.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/mapping_statistics.hpp>
#include <kvfolio/memory/unbacked.hpp>
#include <kvfolio/page/on_wish.hpp>
#include <kvfolio/page/watched.hpp>
#include <kvfolio/page/wish_list.hpp>
#include <kvfolio/row_copies.hpp>
#include <kvfolio/row_watch.hpp>
#include <kvfolio/vm/chunk_pool.hpp>
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
/// All members but the constructor are `noexcept` and allocate nothing. One owner thread, and that
/// of the extension policy, which calls nothing of this but `extend`.
template <contiguous_bundle Policies>
class mapped_sequences {
 public:
  using backend = typename Policies::backend;      ///< who maps
  using layout = typename Policies::layout;        ///< what lies where in a sequence
  using copier = vm::row_copier<backend, layout>;  ///< who copies rows
  using row_id = std::uint32_t;                    ///< of the page tables

  /// The policies of the cache whose pages are the rows.
  struct pages_policies : Policies {
    using memory = kvfolio::memory::unbacked;  ///< rows have the bytes
    using page_allocator = page::watched<page::on_wish, row_watch<backend>>;  ///< by wish
    using copies = row_copies<copier>;                                        ///< through windows
  };

  /// Bytes of memory that a backend needs for `config`. \throws as the constructor
  [[nodiscard]] static std::size_t bytes_of(const contiguous_config& config) {
    const layout places{config.shape, config.chunk_bytes};
    const auto rows = config.in_rows(places).pages;
    const auto chunks = checked_mul(rows, vm::chunks_per_row(places)) + 1;  // the copier's
    return checked_mul(chunks, config.chunk_bytes);
  }

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
        taken_(config.max_sequences),
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
  /// Who reads and writes rows wherever they are mapped.
  [[nodiscard]] copier& moves() noexcept { return copier_; }
  /// The slot of `row`.
  [[nodiscard]] std::uint32_t slot_of(row_id row) const noexcept { return slot_of_[row]; }

  /// The policy objects of the cache whose pages are the rows. \throws std::bad_alloc
  [[nodiscard]] cache_parts<pages_policies> parts() {
    auto parts = cache_parts<pages_policies>::make(config_);
    parts.pages = {page::on_wish{page_id{0}, to_page(config_.pages), wishes_},
                   row_watch<backend>{rows_}};
    parts.copies = row_copies<copier>{copier_, copied_};
    return parts;
  }

  /// Did all copies so far succeed?
  [[nodiscard]] result<void> copied() const noexcept { return copied_; }

  /// Gives `row` a slot: where most of `pages`, its first ones, are shown already. If none are, and
  /// what was released is free again, then where `needed` places are; else where the fewest are, as
  /// those in use by the index may be found. O(slots), and the places that are compared.
  /// Precondition: a slot is free.
  void take_slot(row_id row, std::span<const page_id> pages, std::size_t needed) noexcept {
    auto best = std::optional<std::uint32_t>{};
    std::size_t most = 0;
    for (std::uint32_t slot = 0; slot < taken_.size() && !pages.empty(); ++slot) {
      const auto same = taken_[slot] ? 0 : shown_beginning(slot, pages);
      if (same <= most) continue;
      most = same;
      best = slot;
    }
    if (best) {
      slots_.take(*best);
    } else {
      constexpr bool kept = Policies::prefix_index::enabled;
      best = slots_.acquire(kept ? 0 : static_cast<std::uint32_t>(needed));
    }
    KVFOLIO_EXPECTS(best.has_value());
    taken_[*best] = true;
    slot_of_[row] = *best;
  }

  /// Takes the slot of `row`, whose sequence is gone. What it shows, it goes on showing, as long as
  /// the reclamation policy lets it.
  void give_slot(row_id row) noexcept {
    const auto slot = slot_of_[row];
    taken_[slot] = false;
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
  /// The same, after showing fewer of those that nobody needs. `end_of(row)` is the number of pages
  /// of the sequence `row`, for all that `for_each_alive` visits.
  template <class ForEachAlive>
  [[nodiscard]] bool make_room(std::size_t rows, ForEachAlive for_each_alive) noexcept {
    while (!has_room(rows)) {
      if (const auto slot = slots_.victim(completed_)) {
        shrink(*slot);
        continue;
      }
      // What sequences show after their ends.
      for_each_alive([this](row_id row, std::size_t pages) {
        const auto slot = slot_of_[row];
        (void)map_.unmap(slot, static_cast<std::uint32_t>(pages), map_.mapped(slot));
      });
      return has_room(rows);
    }
    return true;
  }
  /// From now on there is room for `rows` more.
  void promise(std::size_t rows) noexcept { promised_ += rows; }
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
  /// No wish is left.
  void stop_wishing() noexcept { wishes_.clear(); }

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

  /// Lets nobody write at the first `places` of `row`. Fails as the backend does; then nothing has
  /// changed.
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

  /// Which invariant does not hold; nullptr if all do. For tests: O(pages and slots).
  template <class Tables, class ForEachAlive>
  [[nodiscard]] const char* broken_invariant(const Tables& tables,
                                             ForEachAlive for_each_alive) const {
    const char* broken = nullptr;
    if (!rows_.check_invariants()) broken = "the rows of chunks are miscounted";
    std::vector<bool> seen(taken_.size());
    for_each_alive([&](row_id row, std::size_t pages) {
      const auto slot = slot_of_[row];
      if (!taken_[slot] || seen[slot]) broken = "a sequence has no addresses of its own";
      seen[slot] = true;
      if (map_.mapped(slot) < pages) {
        broken = "a page of a sequence is not mapped";
        return;
      }
      for (std::uint32_t place = 0; place < pages; ++place) {
        const auto page = tables.at(row, place);
        const auto shown = *map_.at(slot, place);
        if (shown.row != page) broken = "a sequence shows another page than it has";
        if (shown.allowed == vm::access::none) broken = "a page of a sequence cannot be read";
        if (rows_.pins(page) != 1) broken = "a page in use is free memory";
      }
    });
    if (seen != taken_) broken = "addresses are taken by nobody";
    for (std::uint32_t slot = 0; slot < taken_.size(); ++slot) {
      for (std::uint32_t place = 0; place < map_.mapped(slot); ++place) {
        const auto shown = map_.at(slot, place);
        if (!shown) return "there is a hole in what is mapped";
        if (shown->allowed == vm::access::read_write &&
            writers_[to_index(shown->row)] != writer{slot, place}) {
          broken = "a page can be written at two places";
        }
      }
    }
    return broken;
  }

  /// Mixes into `hash` what decides which pages are wished for. O(pages and slots).
  [[nodiscard]] std::uint64_t digest(std::uint64_t hash) const noexcept {
    for (std::uint32_t slot = 0; slot < taken_.size(); ++slot) {
      hash = mix_bits(hash * 31 + map_.mapped(slot));
      for (std::uint32_t place = 0; place < map_.mapped(slot); ++place) {
        hash = mix_bits(hash * 31 + to_index(map_.at(slot, place)->row));
      }
    }
    return hash;
  }

 private:
  // Where a page was last shown for reading and writing.
  struct writer {
    std::uint32_t slot = UINT32_MAX;
    std::uint32_t place = 0;
    friend bool operator==(const writer&, const writer&) = default;
  };

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
    if (before == writer{} || before == now) return {};
    if (map_.at(before.slot, before.place) != vm::mapped_row{page, vm::access::read_write}) {
      return {};
    }
    return map_.protect(before.slot, before.place, before.place + 1, vm::access::none);
  }

  void shrink(std::uint32_t slot) noexcept {
    const auto last = map_.mapped(slot) - 1;
    (void)map_.unmap(slot, last, last + 1);
    slots_.shrank(slot, last);
  }

  // What the reclamation policy wants to be shown no longer.
  void reclaim() noexcept {
    using rule = typename Policies::reclamation;
    while (rule::due({.free = rows_.free(), .low = rows_.config().low})) {
      const auto slot = slots_.victim(completed_);
      if (!slot) return;
      shrink(*slot);
    }
  }

  backend backend_;
  layout layout_;
  cache_config config_;
  vm::chunk_pool<backend> rows_;
  vm::row_map<backend> map_;
  copier copier_;
  vm::slot_pool slots_;
  std::vector<bool> taken_;  // by slot
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
