// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <kvfolio/page/watched.hpp>

namespace kvfolio {

/// Tells the work of an extension policy which pages are in use: a `page_watch`. Stateless but for
/// `Extension`, which must outlive it. One owner thread.
template <class Extension>
class row_watch : public page::null_watch {
 public:
  /// Tells nobody.
  row_watch() noexcept = default;
  /// Tells the work of `extension`. Precondition: it takes the pages for free.
  explicit row_watch(Extension& extension) noexcept : extension_{&extension} {}

  /// They are in use.
  void taken(page_run pages) noexcept {
    if (extension_ != nullptr) extension_->with([pages](auto& rows) { rows.claim(pages); });
  }
  /// They are not.
  void returning(page_run pages, page_history /*history*/) noexcept {
    if (extension_ != nullptr) extension_->with([pages](auto& rows) { rows.disclaim(pages); });
  }

 private:
  Extension* extension_ = nullptr;
};

}  // namespace kvfolio
