// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

namespace kvfolio {

/// Room for mappings that was promised, and which nobody else takes until this goes. Empty after a
/// move. `Extension` works on what promised it, and must outlive it. One owner thread.
template <class Extension>
class [[nodiscard]] mapping_room {
 public:
  /// Of `places` places, which were promised.
  mapping_room(Extension& extension, std::size_t places) noexcept
      : extension_{&extension}, places_{places} {}
  /// Takes over what `other` has, and leaves it empty.
  mapping_room(mapping_room&& other) noexcept
      : extension_{other.extension_}, places_{std::exchange(other.places_, 0)} {}
  /// Exchanges what both have.
  mapping_room& operator=(mapping_room&& other) noexcept {
    std::swap(extension_, other.extension_);
    std::swap(places_, other.places_);
    return *this;
  }
  mapping_room(const mapping_room&) = delete;
  mapping_room& operator=(const mapping_room&) = delete;
  ~mapping_room() {
    if (places_ == 0) return;
    extension_->with([this](auto& rows) { rows.fulfil(places_); });
  }

  /// How many places.
  [[nodiscard]] std::size_t places() const noexcept { return places_; }

 private:
  Extension* extension_;
  std::size_t places_;
};

}  // namespace kvfolio
