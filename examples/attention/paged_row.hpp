// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace attention {

/// One sequence of a batch, as an exported page table shows it.
struct paged_row {
  std::span<const std::int32_t> pages;  ///< in order; those that the length needs, at least
  std::size_t length = 0;               ///< in tokens
};

/// Returns the rows of a padded table (`kvfolio::table::export_padded`) of sequences with `lengths`
/// tokens. They view `ids`. \throws std::invalid_argument unless it has `width` ids for each
[[nodiscard]] inline std::vector<paged_row> rows_of_padded(std::span<const std::int32_t> ids,
                                                           std::size_t width,
                                                           std::span<const std::size_t> lengths) {
  if (ids.size() / (width == 0 ? 1 : width) < lengths.size()) {
    throw std::invalid_argument("attention: a padded table has width ids for each sequence");
  }
  std::vector<paged_row> rows;
  for (const auto length : lengths)
    rows.push_back({ids.subspan(rows.size() * width, width), length});
  return rows;
}

/// Returns the rows of a table in compressed rows (`kvfolio::table::export_csr`). They view
/// `indices`. \throws std::invalid_argument unless there is one more `indptr` than `last_page_len`
[[nodiscard]] inline std::vector<paged_row> rows_of_csr(std::span<const std::int32_t> indptr,
                                                        std::span<const std::int32_t> indices,
                                                        std::span<const std::int32_t> last_page_len,
                                                        std::uint32_t tokens_per_page) {
  if (indptr.size() != last_page_len.size() + 1) {
    throw std::invalid_argument("attention: indptr has one entry more than there are sequences");
  }
  std::vector<paged_row> rows;
  for (std::size_t i = 0; i < last_page_len.size(); ++i) {
    const auto first = static_cast<std::size_t>(indptr[i]);
    const auto pages = static_cast<std::size_t>(indptr[i + 1]) - first;
    const auto full = pages == 0 ? 0 : (pages - 1) * tokens_per_page;
    rows.push_back(
        {indices.subspan(first, pages), full + static_cast<std::size_t>(last_page_len[i])});
  }
  return rows;
}

}  // namespace attention
