// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <kvfolio/core/config.hpp>
#include <kvfolio/core/result.hpp>
#include <kvfolio/core/types.hpp>
#include <kvfolio/cow_page.hpp>

namespace kvfolio {

/// The only handle of a page, which its owner may write at any time: a draft. It cannot be copied;
/// `share` gives up that right for a `cow_page`.
///
/// A moved-from or default-constructed handle is empty. The pool must outlive it. 16 bytes. May be
/// handed from thread to thread.
template <class Pool>
class unique_page {
 public:
  /// Holds nothing.
  unique_page() noexcept = default;

  /// Takes a free page of `pool`. Fails with `errc::out_of_pages`.
  [[nodiscard]] static result<unique_page> allocate(Pool& pool) noexcept {
    auto page = cow_page<Pool>::allocate(pool);
    if (!page) return page.error();
    return unique_page{*std::move(page)};
  }

  /// Takes the page of `shared`, if nobody else has it; else takes a free page and calls
  /// `copy(from, to)`. `shared` is empty then. Fails with `errc::out_of_pages`, and `shared` is
  /// what it was. Precondition: `shared` holds a page, and `copy` does not throw.
  template <class Copy>
  [[nodiscard]] static result<unique_page> detach(cow_page<Pool>&& shared, Copy&& copy) noexcept {
    const auto page = shared.detach(std::forward<Copy>(copy));
    if (!page) return page.error();
    return unique_page{std::move(shared)};
  }

  /// Does it hold a page?
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(page_); }

  /// The page. Precondition: it holds one.
  [[nodiscard]] page_id id() const noexcept { return page_.id(); }

  /// Makes the page one that can be shared, and this empty.
  [[nodiscard]] cow_page<Pool> share() && noexcept { return std::move(page_); }

  /// Gives the page back. Empty afterwards.
  void reset() noexcept { page_.reset(); }

  /// Takes the page of `other`, which is empty then.
  unique_page(unique_page&& other) noexcept = default;
  /// Gives its own back, and takes the page of `other`, which is empty then.
  unique_page& operator=(unique_page&& other) noexcept = default;
  unique_page(const unique_page&) = delete;
  unique_page& operator=(const unique_page&) = delete;
  ~unique_page() = default;

 private:
  explicit unique_page(cow_page<Pool>&& page) noexcept : page_{std::move(page)} {}

  cow_page<Pool> page_;
};

}  // namespace kvfolio
