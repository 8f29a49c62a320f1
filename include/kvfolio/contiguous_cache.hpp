// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <kvfolio/contiguous_config.hpp>
#include <kvfolio/contiguous_pages.hpp>
#include <kvfolio/contiguous_parts.hpp>
#include <kvfolio/contiguous_policies.hpp>
#include <kvfolio/contiguous_preemption.hpp>
#include <kvfolio/contiguous_reports.hpp>
#include <kvfolio/contiguous_steps.hpp>
#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/fit.hpp>
#include <kvfolio/mapped_sequences.hpp>
#include <kvfolio/mapping_room.hpp>
#include <kvfolio/paged_cache.hpp>
#include <kvfolio/request_options.hpp>
#include <kvfolio/reservation.hpp>
#include <kvfolio/sequence.hpp>
#include <kvfolio/truncation.hpp>

namespace kvfolio {

/// The KV memory of many sequences, each of which sees its own as arrays, one after the other in
/// virtual memory: what kernels read that know nothing of pages.
///
/// ```
/// kv::contiguous_cache<> cache{{.shape = kv::model::grouped_query(32, 8, 128, kv::dtype::f16),
///                               .max_tokens = 131'072,
///                               .bytes = std::size_t{8} << 30}};
/// auto chat = cache.create(prompt).value();
/// if (auto ok = chat.append(prompt.size()); !ok) return wait(ok.error());
/// attend(cache.keys(layer, chat), cache.values(layer, chat));
/// ```
///
/// **How.** Within is a `paged_cache` whose pages are rows of physical chunks: it decides what is
/// shared, found again, evicted and copied, and every verb means what it does there. A sequence has
/// addresses of its own, to which the rows of its pages are mapped. So two that share a prefix have
/// the same chunks at different addresses; only whole rows are shared, and a page has
/// `tokens_per_page()` tokens, as many as fill the chunks.
///
/// **Who may write.** What `append` and `writable` give is mapped for reading and writing, what is
/// found or forked for reading alone, so that a stray write is trapped. Rows stay mapped at the
/// addresses of a sequence that is gone, until the next one there wants others, or mappings or
/// rows get short; the next owner of a row takes that away first.
///
/// **Failure.** As `paged_cache`; in addition, `errc::no_mappings` if the system keeps track of no
/// more, and `errc::device_failed`, after which the cache can only be destroyed. **Kernels** that
/// run beside the host: say with `advance_steps` which are over. What they use stays mapped as it
/// is; so verbs that begin a sequence may fail with `errc::in_flight`, and what copies or rewrites
/// (`append` to a page that is shared, `writable`) waits until the steps that wrote there are over.
/// **Threads.** One owner thread; the extension policy may have another one map rows ahead of need.
/// **Lifetime.** As `paged_cache`.
template <contiguous_bundle Policies = default_contiguous_policies>
class contiguous_cache
    : public contiguous_reports<contiguous_cache<Policies>>,
      public contiguous_steps<contiguous_cache<Policies>, contiguous_types<Policies>>,
      public contiguous_preemption<contiguous_cache<Policies>, contiguous_types<Policies>> {
  using types = contiguous_types<Policies>;
  using mapping = typename types::mapping;
  using extension = typename types::extension;
  using pages_type = typename types::pages;
  using inner = typename pages_type::sequence;

 public:
  using policies = Policies;                             ///< the bundle
  using backend = typename Policies::backend;            ///< who maps
  using layout = typename Policies::layout;              ///< what lies where in a sequence
  using page_table = typename Policies::page_table;      ///< how a sequence finds its pages
  using sequence = kvfolio::sequence<contiguous_cache>;  ///< one request's, or one branch's, KV
  using reservation = kvfolio::reservation<contiguous_cache>;  ///< pages set aside for a step
  using runs = typename pages_type::runs;                      ///< where a range of tokens lies
  using view = vm::part_view<layout>;                          ///< what kernels take
  using parts = contiguous_parts<Policies>;                    ///< policy objects

  /// Makes an empty cache, whose physical memory is there from now on. \throws
  /// std::invalid_argument, or std::length_error, with what would be right \throws
  /// std::runtime_error, or bad_result, if the machine has not enough \throws std::bad_alloc
  explicit contiguous_cache(const contiguous_config& config)
      : contiguous_cache{config, parts::make(config)} {}

  /// Makes an empty cache of the given parts. Precondition: they were made for `config`.
  /// \throws as above
  contiguous_cache(const contiguous_config& config, parts made)
      : steps{config.max_sequences},
        preemption{config.shape.bytes_per_token() *
                   layout{config.shape, config.chunk_bytes}.tokens_per_row()},
        config_{config},
        rows_{config, std::move(made.backend)},
        extension_{rows_, rows_.ahead(config.look_ahead)},
        pages_{rows_.config(), contiguous_pages<Policies, extension>::parts(
                                   rows_, extension_, copied_, std::move(made))},
        held_(config.max_sequences) {
    found_.reserve(rows_.config().longest_in_pages());
  }

  contiguous_cache(const contiguous_cache&) = delete;
  contiguous_cache(contiguous_cache&&) = delete;
  contiguous_cache& operator=(const contiguous_cache&) = delete;
  contiguous_cache& operator=(contiguous_cache&&) = delete;
  /// Precondition: no sequence and no reservation of the cache is left.
  ~contiguous_cache() = default;

  /// Begins a sequence; see `paged_cache::create`. What is found is mapped, not copied, but for the
  /// beginning of a page. O(hit pages), each of which is mapped. Fails as there, and with
  /// `errc::no_mappings`.
  [[nodiscard]] result<sequence> create(std::span<const token_id> prompt = {},
                                        const request_options& options = {}) noexcept {
    if (waits_for_slot()) return errc::in_flight;
    const auto most = pages_for(prompt.size());
    auto room = make_room(most);
    if (!room) room = make_room(pages_for(pages_.probe(prompt, options).hit_tokens));
    if (!room) return errc::no_mappings;
    auto begun = pages_.create(prompt, options);
    if (!begun) return begun.error();
    // Without a prompt, nobody knows how long it will be.
    return settle(*std::move(begun), prompt.empty() ? pages_.config().longest_in_pages() : most);
  }

  /// Says what `create(prompt, options)` and growing by the rest of `prompt` would take, and what
  /// there would be. O(hit pages). Leaves no trace.
  [[nodiscard]] fit probe(std::span<const token_id> prompt,
                          const request_options& options = {}) const noexcept {
    return pages_.probe(prompt, options);
  }

  /// Tokens in a page, which is a row of chunks.
  [[nodiscard]] std::uint32_t tokens_per_page() const noexcept {
    return rows_.places().tokens_per_row();
  }

 private:
  friend sequence;
  friend reservation;
  using reports = contiguous_reports<contiguous_cache>;
  using steps = contiguous_steps<contiguous_cache, types>;
  using preemption = contiguous_preemption<contiguous_cache, types>;
  friend reports;
  friend steps;
  friend preemption;

  using row_id = std::uint32_t;

  // What `sequence` wants to know of one.
  struct extent {
    std::size_t length;
    std::size_t committed;
    std::size_t compute_end;
  };
  // By row, as `sequence` asks for it.
  struct extents {
    [[nodiscard]] extent operator[](row_id row) const noexcept {
      const auto& held = cache->held_[row];
      return {held.length(), held.committed(), held.committed() + held.to_compute()};
    }
    const contiguous_cache* cache;
  };
  [[nodiscard]] const page_table& tables() const noexcept { return pages_.tables(); }

  [[nodiscard]] row_id row_of(const sequence& target) const noexcept {
    KVFOLIO_EXPECTS(target.cache_ == this);
    return target.row_;
  }
  [[nodiscard]] std::size_t pages_for(std::size_t tokens) const noexcept {
    return ceil_div(tokens, std::size_t{tokens_per_page()});
  }
  // The page that the next token of `row` lies in, which may not be there yet.
  [[nodiscard]] std::size_t next_place(row_id row) const noexcept {
    return held_[row].length() / tokens_per_page();
  }
  // Places of `row` that are shown otherwise once it has grown.
  [[nodiscard]] std::size_t places_to_show(row_id row, std::size_t tokens) const noexcept {
    return tokens == 0 ? 0 : pages_for(held_[row].length() + tokens) - next_place(row);
  }

  template <class Visit>
  void for_each_alive(Visit visit) const {
    for (row_id row = 0; row < held_.size(); ++row) {
      if (held_[row]) visit(row, held_[row].page_count());
    }
  }
  // Calls `act(rows)` while nobody maps ahead.
  template <class Act>
  decltype(auto) mapped(Act act) const {
    return extension_.with(std::move(act));
  }
  [[nodiscard]] bool waits_for_slot() const noexcept {
    return mapped([](const mapping& rows) { return rows.waits_for_slot(); });
  }
  [[nodiscard]] std::optional<mapping_room<extension>> make_room(std::size_t places) noexcept {
    const auto promised = [places](mapping& rows) { return rows.promise(places); };
    if (!mapped(promised)) {
      // What sequences show after their ends.
      mapped([this](mapping& rows) {
        for_each_alive([&](row_id row, std::size_t pages) {
          rows.cut(row, pages);
          extension_.start(rows.slot_of(row), static_cast<std::uint32_t>(pages));
        });
      });
      if (!mapped(promised)) return std::nullopt;
    }
    return mapping_room{extension_, places};
  }

  // Shows the pages `[first, page_count)` of `row`.
  [[nodiscard]] result<void> show(row_id row, std::size_t first, vm::access allowed) noexcept {
    if (!copied_) return copied_;
    const auto& held = held_[row];
    auto done = mapped([&](mapping& rows) {
      auto shown = rows.show(row, first, held.page_count(), allowed,
                             [&](std::size_t place) { return held.page_at(place); });
      extension_.start(rows.slot_of(row), rows.map().mapped(rows.slot_of(row)));
      return shown;
    });
    if (config_.look_ahead != 0) extension_.advance(rows_.slot_of(row), held.length());
    return done;
  }

  // Gives `begun`, which may come to have `most` pages, its addresses.
  [[nodiscard]] result<sequence> settle(inner&& begun, std::size_t most) noexcept {
    const auto row = static_cast<row_id>(begun.row());
    held_[row] = std::move(begun);
    found_.clear();
    for (std::size_t i = 0; i < held_[row].page_count(); ++i) {
      found_.push_back(held_[row].page_at(i));
    }
    auto taken = mapped([&](mapping& rows) { return rows.take_slot(row, found_, most); });
    if (!taken) {
      held_[row].release();
      return taken.error();
    }
    if (auto done = show(row, 0, vm::access::read); !done) {
      release(row);
      return done.error();
    }
    return sequence{*this, row};
  }

  [[nodiscard]] fit probe_growth(row_id row, std::size_t tokens) const noexcept {
    return held_[row].probe(tokens);
  }

  // Wishes for pages that `row` shows already where it will have them.
  void wish(row_id row, std::size_t tokens) noexcept {
    const auto& held = held_[row];
    const auto before = held.page_count();
    const auto after = pages_for(held.length() + tokens);
    const auto wanted = held.probe(tokens);
    if (!wanted.fits() || after > pages_.config().longest_in_pages()) return;  // it will fail
    mapped([&](mapping& rows) {
      if (wanted.pages_needed > after - before) rows.wish_any();  // for a copy
      rows.wish(row, before, after);
    });
  }

  result<void> append(row_id row, std::size_t tokens) noexcept {
    auto& held = held_[row];
    const auto place = next_place(row);
    const auto offset = held.length() % tokens_per_page();
    if (offset != 0 && tokens <= tokens_per_page() - offset) {
      // As in most steps. If the page is copied, another is shown in its place: no mapping more.
      auto done = held.append(tokens);
      if (!done || tokens == 0) return done;
      if (rows_.shows_own(row, place, held.page_at(place))) {
        if (config_.look_ahead != 0) extension_.advance(rows_.slot_of(row), held.length());
        return done;
      }
      return shown_or_truncated(row, place, held.length() - tokens);
    }
    const auto room = make_room(places_to_show(row, tokens));
    if (!room) return errc::no_mappings;
    wish(row, tokens);
    auto done = held.append(tokens);
    rows_.wishes().clear();
    if (!done || tokens == 0) return done;
    return shown_or_truncated(row, place, held.length() - tokens);
  }

  // Shows what `row` may write from `place` on; if that fails, it has `length` tokens again.
  [[nodiscard]] result<void> shown_or_truncated(row_id row, std::size_t place,
                                                std::size_t length) noexcept {
    auto done = show(row, place, vm::access::read_write);
    if (!done) held_[row].truncate(length);
    return done;
  }

  result<runs> writable(row_id row, std::size_t first, std::size_t count) noexcept {
    auto where = held_[row].writable(first, count);
    if (!where || count == 0) return where;
    const auto done = show(row, first / tokens_per_page(), vm::access::read_write);
    if (!done) return done.error();
    return where;
  }

  void commit(row_id row, std::span<const token_id> tokens) noexcept { held_[row].commit(tokens); }

  // What both have is nobody's to write.
  result<sequence> fork(row_id parent) noexcept {
    if (waits_for_slot()) return errc::in_flight;
    const auto pages = held_[parent].page_count();
    const auto room = make_room(pages);
    if (!room) return errc::no_mappings;
    auto child = held_[parent].fork();
    if (!child) return child.error();
    const auto done = mapped([&](mapping& rows) { return rows.protect(parent, pages); });
    if (!done) return done.error();
    return settle(*std::move(child), pages);
  }

  truncation truncate(row_id row, std::size_t length) noexcept {
    return held_[row].truncate(length);
  }

  void release(row_id row) noexcept {
    extension_.stop(rows_.slot_of(row));
    held_[row].release();
    mapped([&](mapping& rows) { rows.give_slot(row); });
  }

  [[nodiscard]] reservation set_aside(row_id head, std::size_t pages) noexcept {
    return reservation{*this, head, pages};
  }
  void resolve(row_id head, std::size_t /*pages*/, bool accepted) noexcept {
    steps::resolve(head, accepted);
  }

  contiguous_config config_;
  result<void> copied_;  // or why copying did not work
  mapping rows_;
  mutable extension extension_;
  pages_type pages_;
  std::vector<inner> held_;     // by row
  std::vector<page_id> found_;  // for one call
  extents records_{this};
};

}  // namespace kvfolio
