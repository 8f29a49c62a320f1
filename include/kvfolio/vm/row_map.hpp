// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/vm/chunk_pool.hpp>
#include <kvfolio/vm/concept.hpp>
#include <kvfolio/vm/tensor_layout.hpp>
#include <kvfolio/vm/virtual_tensor.hpp>

namespace kvfolio::vm {

/// How large a `row_map` is.
struct row_map_config {
  std::uint32_t slots = 0;          ///< sequences that have addresses at a time
  std::uint32_t rows_per_slot = 0;  ///< rows of the longest of them
  bool populate = true;             ///< enter page tables at once, where the backend can
};

/// How often a `row_map` called its backend.
struct mapping_calls {
  std::uint64_t maps = 0;       ///< chunks mapped, or put in the place of others
  std::uint64_t accesses = 0;   ///< spans that got another access
  std::uint64_t unmaps = 0;     ///< spans unmapped
  std::uint64_t populates = 0;  ///< spans entered in page tables

  /// Equal in every count.
  friend bool operator==(const mapping_calls&, const mapping_calls&) = default;
};

/// What is mapped at one place.
struct mapped_row {
  page_id row;     ///< which row
  access allowed;  ///< what may be done there

  /// Equal in both members.
  friend bool operator==(const mapped_row&, const mapped_row&) = default;
};

/// Chunks of a row in all tensors of `layout`, for `chunk_pool_config::chunks_per_row`.
template <tensor_layout L>
[[nodiscard]] constexpr std::uint32_t chunks_per_row(const L& layout) noexcept {
  std::uint32_t chunks = 0;
  for (std::uint32_t tensor = 0; tensor < layout.tensors(); ++tensor) {
    chunks += layout.chunks(tensor);
  }
  return chunks;
}

/// Which row of chunks is mapped where: place `p` of a slot is that of its tokens
/// `[p * tokens_per_row, (p + 1) * tokens_per_row)`, in every tensor.
///
/// A call maps, changes or unmaps whole rows in all tensors or in none. Failure is a value, and
/// undone: what the backend did so far is taken back, so that nothing leaks and nothing is half
/// there. (`errc::device_failed` is the end of the backend, and of all that it had.) A row may be
/// mapped in many places; whoever pins it decides what that means.
///
/// Costs 5 bytes for each row of each slot, allocated once. All members but the constructor are
/// `noexcept`; those that call the backend take its time for each chunk, all else is O(1) a row.
/// One owner thread. Backend and pool outlive it.
template <vm_backend B>
class row_map {
 public:
  /// Reserves addresses for the tensors of `layout`, whose rows `rows` has.
  /// \throws std::invalid_argument if the rows are not those of the layout, or there is no slot
  /// \throws bad_result if the backend has not as many addresses \throws std::bad_alloc
  template <tensor_layout L>
  row_map(B& backend, chunk_pool<B>& rows, const L& layout, const row_map_config& config)
      : backend_{&backend},
        rows_{&rows},
        config_{config},
        mapped_(checked_mul(config.slots, config.rows_per_slot), no_row),
        allowed_(mapped_.size(), access::none),
        in_slot_(config.slots) {
    if (mapped_.empty()) {
      throw std::invalid_argument("kvfolio: a row map needs slots, and rows in each of them");
    }
    if (chunks_per_row(layout) != rows.config().chunks_per_row) {
      throw std::invalid_argument(
          "kvfolio: the pool's rows are not those of the layout; set chunks_per_row of its "
          "configuration to vm::chunks_per_row(layout)");
    }
    const auto chunk = chunk_bytes();
    tensors_.reserve(layout.tensors());
    std::uint32_t first = 0;
    for (std::uint32_t number = 0; number < layout.tensors(); ++number) {
      const auto chunks = layout.chunks(number);
      const auto bytes = checked_mul(checked_mul(config.rows_per_slot, chunks), chunk);
      // The largest power of two that divides a chunk: what huge pages in it are aligned to.
      tensors_.push_back({{backend, config.slots, bytes, chunk & (~chunk + 1)}, first, chunks});
      first += chunks;
    }
  }
  row_map(const row_map&) = delete;
  row_map& operator=(const row_map&) = delete;
  /// Unmaps everything. Precondition: nobody uses it.
  ~row_map() {
    for (std::uint32_t slot = 0; slot < config_.slots; ++slot) {
      (void)unmap(slot, 0, config_.rows_per_slot);
    }
  }

  /// How large it is.
  [[nodiscard]] const row_map_config& config() const noexcept { return config_; }
  /// How often the backend was called.
  [[nodiscard]] const mapping_calls& calls() const noexcept { return calls_; }
  /// What is mapped at `place` of `slot`; `nullopt` if nothing is.
  [[nodiscard]] std::optional<mapped_row> at(std::uint32_t slot,
                                             std::uint32_t place) const noexcept {
    const auto index = index_of(slot, place);
    if (mapped_[index] == no_row) return std::nullopt;
    return mapped_row{page_id{mapped_[index]}, allowed_[index]};
  }
  /// How many places of `slot` have a row.
  [[nodiscard]] std::uint32_t mapped(std::uint32_t slot) const noexcept {
    KVFOLIO_EXPECTS(slot < config_.slots);
    return in_slot_[slot];
  }
  /// Where the addresses of `slot` in `tensor` begin: what `view_of` takes. A device's, where the
  /// backend is one.
  [[nodiscard]] std::byte* data(std::uint32_t tensor, std::uint32_t slot) const noexcept {
    KVFOLIO_EXPECTS(tensor < tensors_.size());
    const auto first = tensors_[tensor].addresses.address(slot);
    return reinterpret_cast<std::byte*>(first);  // NOLINT(performance-no-int-to-ptr): what it is
  }
  /// Can `rows` more be mapped, for all that the backend says? A mapping may cost the system two.
  [[nodiscard]] bool has_room(std::size_t rows) const noexcept {
    const auto usage = backend_->usage();
    const auto left = usage.max_mappings - std::min(usage.mappings, usage.max_mappings);
    return rows <= left / 2 / rows_->config().chunks_per_row;
  }

  /// Maps `rows` at the places of `slot` from `first` on, all or none; gives them memory where they
  /// have none. Precondition: nothing is mapped there, and the rows are pinned.
  [[nodiscard]] result<void> map(std::uint32_t slot, std::uint32_t first,
                                 std::span<const page_id> rows, access allowed) noexcept {
    [[maybe_unused]] auto place = first;
    for (const auto row : rows) {
      KVFOLIO_EXPECTS(!at(slot, place));
      ++place;
      if (auto backed = rows_->back(row); !backed) return backed;
    }
    for (std::size_t number = 0; number < tensors_.size(); ++number) {
      if (auto done = map_in(tensors_[number], slot, first, rows, allowed); !done) {
        while (number-- > 0) {
          (void)unmap_in(tensors_[number], slot, first, static_cast<std::uint32_t>(rows.size()));
        }
        return done;
      }
    }
    for (const auto row : rows) note(slot, first++, row, allowed);
    return {};
  }

  /// Sees to it that `row` is at `place` of `slot` with this access: maps it, puts it in the place
  /// of another, changes the access, or finds that nothing is to be done. Precondition: `row` is
  /// pinned, and where another was, nobody uses it (if the backend has `remap`: writes it).
  ///
  /// A failure leaves what was there; if the backend refuses even that, nothing is there.
  [[nodiscard]] result<void> put(std::uint32_t slot, std::uint32_t place, page_id row,
                                 access allowed) noexcept {
    const auto old = at(slot, place);
    if (!old) return map(slot, place, {&row, 1}, allowed);
    if (old->row == row) return protect(slot, place, place + 1, allowed);
    if (auto backed = rows_->back(row); !backed) return backed;
    return replace(slot, place, *old, {row, allowed});
  }

  /// Gives the places `[first, last)` of `slot` another access, all or none; calls nobody if they
  /// have it. Precondition: all have rows.
  [[nodiscard]] result<void> protect(std::uint32_t slot, std::uint32_t first, std::uint32_t last,
                                     access allowed) noexcept {
    bool changes = false;
    for (auto place = first; place < last; ++place) changes |= at(slot, place)->allowed != allowed;
    if (!changes) return {};
    for (std::size_t number = 0; number < tensors_.size(); ++number) {
      if (auto done = set_access_in(tensors_[number], slot, first, last - first, allowed); !done) {
        while (number-- > 0) {
          // To what it was a moment ago: no more ranges than there were then.
          for (auto place = first; place < last; ++place) {
            (void)set_access_in(tensors_[number], slot, place, 1, at(slot, place)->allowed);
          }
        }
        return done;
      }
    }
    for (auto place = first; place < last; ++place) allowed_[index_of(slot, place)] = allowed;
    return {};
  }

  /// Unmaps what is mapped at the places `[first, last)` of `slot`. Fails only together with the
  /// device. Precondition: nobody uses it.
  result<void> unmap(std::uint32_t slot, std::uint32_t first, std::uint32_t last) noexcept {
    KVFOLIO_EXPECTS(first <= last && last <= config_.rows_per_slot);
    result<void> outcome;
    for (auto place = first; place < last && in_slot_[slot] != 0;) {
      auto end = place;
      while (end < last && at(slot, end)) ++end;
      if (end == place) {
        ++place;
        continue;
      }
      for (auto& tensor : tensors_) {
        if (auto done = unmap_in(tensor, slot, place, end - place); !done) outcome = done;
      }
      for (; place < end; ++place) forget(slot, place);
    }
    return outcome;
  }

 private:
  struct tensor_rows {
    virtual_tensor<B> addresses;
    std::uint32_t first;   // of a row's chunks
    std::uint32_t chunks;  // of a row
  };
  static constexpr std::uint32_t no_row = UINT32_MAX;

  [[nodiscard]] std::size_t chunk_bytes() const noexcept { return rows_->config().chunk_bytes; }
  [[nodiscard]] std::size_t index_of(std::uint32_t slot, std::uint32_t place) const noexcept {
    KVFOLIO_EXPECTS(slot < config_.slots && place < config_.rows_per_slot);
    return std::size_t{slot} * config_.rows_per_slot + place;
  }
  [[nodiscard]] std::uintptr_t address(const tensor_rows& tensor, std::uint32_t slot,
                                       std::uint32_t place) const noexcept {
    return tensor.addresses.address(slot) + std::size_t{place} * tensor.chunks * chunk_bytes();
  }
  // The chunks of `row` in `tensor`.
  [[nodiscard]] auto chunks_of(const tensor_rows& tensor, page_id row) const noexcept {
    return rows_->memory(row).subspan(tensor.first, tensor.chunks);
  }

  void note(std::uint32_t slot, std::uint32_t place, page_id row, access allowed) noexcept {
    const auto index = index_of(slot, place);
    mapped_[index] = static_cast<std::uint32_t>(row);
    allowed_[index] = allowed;
    ++in_slot_[slot];
    rows_->note_mapping(row);
  }
  void forget(std::uint32_t slot, std::uint32_t place) noexcept {
    auto& row = mapped_[index_of(slot, place)];
    rows_->note_unmapping(page_id{row});
    row = no_row;
    --in_slot_[slot];
  }

  [[nodiscard]] result<void> map_chunk(std::uintptr_t to, typename B::physical chunk,
                                       access allowed) noexcept {
    ++calls_.maps;
    if constexpr (fusing_vm_backend<B>) {
      return backend_->map(to, chunk, allowed);
    } else {
      return backend_->map(to, chunk);
    }
  }

  // All or none.
  [[nodiscard]] result<void> map_in(tensor_rows& tensor, std::uint32_t slot, std::uint32_t first,
                                    std::span<const page_id> rows, access allowed) noexcept {
    const auto start = address(tensor, slot, first);
    auto to = start;
    result<void> done;
    for (const auto row : rows) {
      for (const auto chunk : chunks_of(tensor, row)) {
        done = map_chunk(to, chunk, allowed);
        if (!done) break;
        to += chunk_bytes();
      }
      if (!done) break;
    }
    if (done && !fusing_vm_backend<B> && allowed != access::none) {
      ++calls_.accesses;
      done = backend_->set_access(start, to - start, allowed);
    }
    if (done) done = populate(start, to - start, allowed);
    if (!done && to != start) {
      ++calls_.unmaps;
      (void)backend_->unmap(start, to - start);
    }
    return done;
  }

  [[nodiscard]] result<void> populate(std::uintptr_t start, std::size_t bytes,
                                      access allowed) noexcept {
    if constexpr (prefaulting_vm_backend<B>) {
      if (config_.populate && allowed == access::read_write && bytes != 0) {
        ++calls_.populates;
        return backend_->populate(start, bytes);
      }
    }
    return {};
  }

  [[nodiscard]] result<void> set_access_in(tensor_rows& tensor, std::uint32_t slot,
                                           std::uint32_t first, std::uint32_t count,
                                           access allowed) noexcept {
    ++calls_.accesses;
    return backend_->set_access(address(tensor, slot, first),
                                std::size_t{count} * tensor.chunks * chunk_bytes(), allowed);
  }

  result<void> unmap_in(tensor_rows& tensor, std::uint32_t slot, std::uint32_t first,
                        std::uint32_t count) noexcept {
    if (count == 0) return {};
    ++calls_.unmaps;
    return backend_->unmap(address(tensor, slot, first),
                           std::size_t{count} * tensor.chunks * chunk_bytes());
  }

  [[nodiscard]] result<void> replace(std::uint32_t slot, std::uint32_t place,
                                     const mapped_row& before, const mapped_row& now) noexcept {
    if constexpr (remapping_vm_backend<B>) {
      const auto chunks = rows_->config().chunks_per_row;
      std::uint32_t changed = 0;
      result<void> done;
      while (changed < chunks && (done = remap(slot, place, changed, now))) ++changed;
      for (std::size_t number = 0; done && number < tensors_.size(); ++number) {
        done = populate(address(tensors_[number], slot, place),
                        tensors_[number].chunks * chunk_bytes(), now.allowed);
      }
      if (done) {
        forget(slot, place);
        note(slot, place, now.row, now.allowed);
        return {};
      }
      while (changed > 0 && remap(slot, place, changed - 1, before)) --changed;
      if (changed > 0) (void)unmap(slot, place, place + 1);
      return done;
    } else {
      // Lest it be free in between, and lose its memory.
      if (rows_->pins(before.row) == 0) {
        rows_->claim(before.row);
      } else {
        rows_->pin(before.row);
      }
      auto done = unmap(slot, place, place + 1);
      if (done) done = map(slot, place, {&now.row, 1}, now.allowed);
      if (!done) (void)map(slot, place, {&before.row, 1}, before.allowed);
      rows_->unpin(before.row);
      return done;
    }
  }

  // Puts the chunk with this number among those of a row where that of another row is.
  [[nodiscard]] result<void> remap(std::uint32_t slot, std::uint32_t place, std::uint32_t chunk,
                                   const mapped_row& now) noexcept {
    std::size_t number = tensors_.size();
    while (tensors_[--number].first > chunk) continue;
    const auto& tensor = tensors_[number];
    ++calls_.maps;
    return backend_->remap(address(tensor, slot, place) + (chunk - tensor.first) * chunk_bytes(),
                           rows_->memory(now.row)[chunk], now.allowed);
  }

  B* backend_;
  chunk_pool<B>* rows_;
  row_map_config config_;
  std::vector<std::uint32_t> mapped_;   // by slot and place: the row, or none
  std::vector<access> allowed_;         // likewise
  std::vector<std::uint32_t> in_slot_;  // places that have a row, by slot
  std::vector<tensor_rows> tensors_;
  mapping_calls calls_;
};

}  // namespace kvfolio::vm
