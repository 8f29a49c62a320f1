// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <kvfolio/core/math.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>

/// Page tables in the forms that attention kernels read. Ids are int32, every function writes into
/// buffers of the caller and allocates nothing, and each has a sibling that says how large they
/// must be. A batch is any range of sequences, of pointers to them or of reference wrappers, in the
/// order of the kernel's rows, and may be walked twice.
namespace kvfolio::table {

/// A row of a batch: what the exporters need to know of a sequence.
// clang-format off
template <class S>
concept exportable = requires(const S& sequence, std::span<std::int32_t> out, std::size_t n) {
  { sequence.length() }     -> std::same_as<std::size_t>;
  { sequence.committed() }  -> std::same_as<std::size_t>;
  { sequence.page_count() } -> std::same_as<std::size_t>;
  sequence.export_pages(out);
  sequence.runs(n, n);
};
// clang-format on

/// How `no_page` reads in an export, unless the caller wants something else for holes, which costs
/// a pass over the ids.
inline constexpr std::int32_t hole_id = -1;

namespace detail {
template <class Item>
[[nodiscard]] const auto& row_of(const Item& item) noexcept {
  if constexpr (exportable<Item>) {
    return item;
  } else if constexpr (std::is_pointer_v<Item>) {
    return *item;
  } else {
    return item.get();
  }
}

// Puts `hole` where `ids` have holes.
inline void show_holes(std::span<std::int32_t> ids, std::int32_t hole) noexcept {
  if (hole != hole_id) std::ranges::replace(ids, hole_id, hole);
}

// Tokens in the last page of `row`.
template <exportable Row>
[[nodiscard]] std::int32_t last_page_len(const Row& row, std::uint32_t tokens_per_page) noexcept {
  const auto before = (std::max<std::size_t>(row.page_count(), 1) - 1) * tokens_per_page;
  return static_cast<std::int32_t>(row.length() - before);
}
}  // namespace detail

/// What a padded export looks like.
struct padding {
  std::size_t width = 0;  ///< entries of a row; at least the pages of the longest sequence
  std::int32_t id = 0;    ///< what follows a row's pages; 0 is the null page, if it is reserved
  std::int32_t hole = hole_id;  ///< what stands where a row has a hole
};

/// Rows of a batch, and what they need.
struct batch_extent {
  std::size_t rows = 0;         ///< sequences
  std::size_t pages = 0;        ///< of all of them
  std::size_t widest = 0;       ///< pages of the longest
  std::size_t tokens = 0;       ///< sum of their lengths
  std::size_t uncommitted = 0;  ///< sum of the tokens that are being computed
};

/// Measures a batch. O(rows).
template <class Batch>
[[nodiscard]] batch_extent measure(const Batch& batch) noexcept {
  batch_extent extent;
  for (const auto& item : batch) {
    const auto& row = detail::row_of(item);
    ++extent.rows;
    extent.pages += row.page_count();
    extent.widest = std::max(extent.widest, row.page_count());
    extent.tokens += row.length();
    extent.uncommitted += row.length() - row.committed();
  }
  return extent;
}

/// Writes `[rows, width]` ids, each row padded at its end (vLLM, ONNX Runtime). O(rows * width).
///
/// Returns the ids written, `rows * width`. Fails with `errc::buffer_too_small` if `out` is shorter
/// than that or `width` less than `measure(batch).widest`; then `out` is unchanged.
template <class Batch>
[[nodiscard]] result<std::size_t> export_padded(const Batch& batch, std::span<std::int32_t> out,
                                                const padding& pad) noexcept {
  const auto extent = measure(batch);
  if (extent.widest > pad.width) return errc::buffer_too_small;
  if (extent.rows != 0 && out.size() / extent.rows < pad.width) return errc::buffer_too_small;
  auto rest = out;
  for (const auto& item : batch) {
    const auto& row = detail::row_of(item);
    row.export_pages(rest);
    detail::show_holes(rest.first(row.page_count()), pad.hole);
    std::ranges::fill(rest.subspan(row.page_count(), pad.width - row.page_count()), pad.id);
    rest = rest.subspan(pad.width);
  }
  return out.size() - rest.size();
}

/// A batch in compressed rows (FlashInfer).
struct csr_buffers {
  std::span<std::int32_t> indptr;         ///< rows + 1: where each row begins in `indices`
  std::span<std::int32_t> indices;        ///< pages of all rows: their ids
  std::span<std::int32_t> last_page_len;  ///< rows: tokens in a row's last page, from 1 to a full
                                          ///< page; 0 for a row without tokens
};

/// Writes `batch` as compressed rows, `hole` for holes. O(pages). Returns the ids written to
/// `indices`.
///
/// Fails with `errc::buffer_too_small` if a buffer is shorter than `measure(batch)` and the members
/// of `csr_buffers` say; then none is changed. Precondition: fewer than 2^31 pages.
template <class Batch>
[[nodiscard]] result<std::size_t> export_csr(const Batch& batch, const csr_buffers& out,
                                             std::uint32_t tokens_per_page,
                                             std::int32_t hole = hole_id) noexcept {
  const auto extent = measure(batch);
  if (out.indptr.size() < extent.rows + 1 || out.indices.size() < extent.pages ||
      out.last_page_len.size() < extent.rows) {
    return errc::buffer_too_small;
  }
  std::size_t row_number = 0;
  std::size_t used = 0;
  out.indptr[0] = 0;
  for (const auto& item : batch) {
    const auto& row = detail::row_of(item);
    const auto pages = row.page_count();
    row.export_pages(out.indices.subspan(used));
    out.last_page_len[row_number] = detail::last_page_len(row, tokens_per_page);
    used += pages;
    out.indptr[++row_number] = static_cast<std::int32_t>(used);
  }
  detail::show_holes(out.indices.first(used), hole);
  return used;
}

/// Writes the slot of every uncommitted token of every row, `page * tokens_per_page + offset`, and
/// -1 to the rest of `out`: where a kernel must put the keys and values that it computes (vLLM's
/// slot mapping). O(tokens + out). Returns the slots written.
///
/// Fails with `errc::buffer_too_small` if `out` is shorter than `measure(batch).uncommitted`; then
/// it is unchanged. Precondition: all slots of the pool fit `Slot`; no uncommitted token is in a
/// hole.
template <std::signed_integral Slot, class Batch>
[[nodiscard]] result<std::size_t> export_slots(const Batch& batch, std::span<Slot> out,
                                               std::uint32_t tokens_per_page) noexcept {
  const auto needed = measure(batch).uncommitted;
  if (out.size() < needed) return errc::buffer_too_small;
  std::size_t used = 0;
  for (const auto& item : batch) {
    const auto& row = detail::row_of(item);
    const auto first = row.committed();
    for (const auto run : row.runs(first, row.length() - first)) {
      auto slot = static_cast<Slot>(to_index(run.page) * tokens_per_page + run.first_token);
      for (std::uint32_t i = 0; i < run.tokens; ++i) out[used++] = slot++;
    }
  }
  std::ranges::fill(out.subspan(used), Slot{-1});
  return used;
}

}  // namespace kvfolio::table
