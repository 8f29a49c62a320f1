// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
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

/// A `vm_backend` whose bytes somebody can move: the host, or the backend itself.
template <class B>
concept movable_bytes_vm_backend = host_vm_backend<B> || copying_vm_backend<B>;

/// Reads and writes rows of chunks wherever they are mapped, or if nowhere: copies the tokens of
/// one to another before a sequence writes, wipes one that another tenant had, moves one in and
/// out.
///
/// It sees rows through two windows of its own, as wide as the widest tensor, which show a chunk of
/// no use at all other times: so the number of mappings does not change, and no call fails for want
/// of them where the backend can remap. Costs that one chunk.
///
/// Bytes are there when a call returns; a device has waited for its stream. A call maps both
/// windows once for each tensor: on the paths of copy-on-write, which are rare, and not of every
/// step. One owner thread. Backend and pool outlive it.
template <movable_bytes_vm_backend B, tensor_layout L>
class row_copier {
 public:
  /// Reserves windows for rows of `layout` that `rows` has. \throws bad_result if the backend has
  /// no addresses, memory or mappings for them
  row_copier(B& backend, const chunk_pool<B>& rows, const L& layout)
      : backend_{&backend},
        rows_{&rows},
        layout_{layout},
        widest_{widest(layout)},
        idle_{backend, rows.config().chunk_bytes},
        windows_{backend, 2, checked_mul(widest_, chunk_bytes()),
                 chunk_bytes() & (~chunk_bytes() + 1)},
        mapped_(std::size_t{2} * widest_) {
    shown_ = widest_;
    hide();
    if (std::count(mapped_.begin(), mapped_.end(), 0) == 0) return;
    close();
    throw bad_result{errc::no_mappings};
  }
  row_copier(const row_copier&) = delete;
  row_copier& operator=(const row_copier&) = delete;
  ~row_copier() { close(); }

  /// Copies the tokens `[first, first + tokens)` of the row `from` to the same places of `to`.
  /// O(bytes). Precondition: both have memory and differ, and nobody writes the one or uses the
  /// other.
  [[nodiscard]] result<void> copy(page_id from, page_id to, std::uint32_t first,
                                  std::uint32_t tokens) noexcept {
    KVFOLIO_EXPECTS(from != to);
    return for_each_piece(first, tokens, &from, &to, [&](std::size_t offset, std::size_t bytes) {
      return move(windows_.address(1) + offset, windows_.address(0) + offset, bytes);
    });
  }

  /// Fills the tokens `[first, first + tokens)` of `row` with zeros. O(bytes). Precondition: it has
  /// memory, and nobody uses it.
  [[nodiscard]] result<void> wipe(page_id row, std::uint32_t first, std::uint32_t tokens) noexcept {
    return for_each_piece(first, tokens, nullptr, &row, [&](std::size_t offset, std::size_t bytes) {
      return clear(windows_.address(1) + offset, bytes);
    });
  }

  /// Writes the tokens `[first, first + tokens)` of `row` to `bytes`, in the order of the layout's
  /// pieces. O(bytes). Precondition: `bytes` has as many as so many tokens do.
  [[nodiscard]] result<void> read(page_id row, std::uint32_t first, std::uint32_t tokens,
                                  std::span<std::byte> bytes) noexcept {
    KVFOLIO_EXPECTS(bytes.size() == layout_.shape().bytes_per_token() * tokens);
    return for_each_piece(first, tokens, &row, nullptr, [&](std::size_t offset, std::size_t size) {
      const auto part = bytes.first(size);
      bytes = bytes.subspan(size);
      return take(part, windows_.address(0) + offset);
    });
  }

  /// Undoes `read`. Precondition: as there, and nobody uses `row`.
  [[nodiscard]] result<void> write(page_id row, std::uint32_t first, std::uint32_t tokens,
                                   std::span<const std::byte> bytes) noexcept {
    KVFOLIO_EXPECTS(bytes.size() == layout_.shape().bytes_per_token() * tokens);
    return for_each_piece(first, tokens, nullptr, &row, [&](std::size_t offset, std::size_t size) {
      const auto part = bytes.first(size);
      bytes = bytes.subspan(size);
      return give(windows_.address(1) + offset, part);
    });
  }

 private:
  // The chunk that windows show when they are not in use.
  struct idle_chunk {
    idle_chunk(B& from, std::size_t bytes) : backend{&from}, memory{from.create(bytes).value()} {}
    idle_chunk(const idle_chunk&) = delete;
    idle_chunk& operator=(const idle_chunk&) = delete;
    ~idle_chunk() { (void)backend->release(memory); }
    B* backend;
    typename B::physical memory;
  };

  [[nodiscard]] static std::uint32_t widest(const L& layout) noexcept {
    std::uint32_t chunks = 0;
    for (std::uint32_t tensor = 0; tensor < layout.tensors(); ++tensor) {
      chunks = std::max(chunks, layout.chunks(tensor));
    }
    return chunks;
  }
  [[nodiscard]] std::size_t chunk_bytes() const noexcept { return rows_->config().chunk_bytes; }

  // Calls `act(offset, bytes)` for each piece of the tokens, offsets being those in the windows,
  // which show the tensor of `from` and of `to` meanwhile.
  template <class Act>
  [[nodiscard]] result<void> for_each_piece(std::uint32_t first, std::uint32_t tokens,
                                            const page_id* from, const page_id* to,
                                            Act act) noexcept {
    KVFOLIO_EXPECTS(first <= layout_.tokens_per_row() &&
                    tokens <= layout_.tokens_per_row() - first);
    result<void> done;
    auto shown = layout_.tensors();  // the tensor that the windows show; none of them
    layout_.for_each_piece(first, tokens,
                           [&](std::uint32_t tensor, std::size_t offset, std::size_t bytes) {
                             if (done && tensor != shown) {
                               if (shown < layout_.tensors()) done = finish();
                               if (done && from != nullptr)
                                 done = show_row(0, tensor, *from, access::read);
                               if (done && to != nullptr)
                                 done = show_row(1, tensor, *to, access::read_write);
                               shown = tensor;
                             }
                             if (done) done = act(offset, bytes);
                           });
    if (done) done = finish();
    hide();
    return done;
  }

  [[nodiscard]] result<void> show_row(std::uint32_t window, std::uint32_t tensor, page_id row,
                                      access allowed) noexcept {
    std::uint32_t before = 0;
    for (std::uint32_t each = 0; each < tensor; ++each) before += layout_.chunks(each);
    const auto memory = rows_->memory(row).subspan(before, layout_.chunks(tensor));
    for (std::uint32_t chunk = 0; chunk < memory.size(); ++chunk) {
      shown_ = std::max(shown_, chunk + 1);
      if (auto done = show(window, chunk, memory[chunk], allowed); !done) return done;
    }
    return {};
  }
  void hide() noexcept {
    for (; shown_ > 0; --shown_) {
      // Where it fails, the window goes on showing what it showed.
      (void)show(0, shown_ - 1, idle_.memory, access::none);
      (void)show(1, shown_ - 1, idle_.memory, access::none);
    }
  }

  // Puts `memory` in the place of whatever a window shows there.
  [[nodiscard]] result<void> show(std::uint32_t window, std::uint32_t chunk,
                                  typename B::physical memory, access allowed) noexcept {
    const auto at = windows_.address(window) + chunk * chunk_bytes();
    auto& is_mapped = mapped_[window * widest_ + chunk];
    if constexpr (remapping_vm_backend<B>) {
      if (is_mapped != 0) return backend_->remap(at, memory, allowed);
    }
    if (is_mapped != 0) {
      if (auto done = backend_->unmap(at, chunk_bytes()); !done) return done;
      is_mapped = 0;
    }
    if (auto done = backend_->map(at, memory); !done) return done;
    is_mapped = 1;
    if (allowed == access::none) return {};
    return backend_->set_access(at, chunk_bytes(), allowed);
  }
  void close() noexcept {
    for (std::size_t i = 0; i < mapped_.size(); ++i) {
      const auto window = static_cast<std::uint32_t>(i / widest_);
      const auto at = windows_.address(window) + i % widest_ * chunk_bytes();
      if (mapped_[i] != 0) (void)backend_->unmap(at, chunk_bytes());
    }
  }

  [[nodiscard]] result<void> move(std::uintptr_t to, std::uintptr_t from,
                                  std::size_t bytes) noexcept {
    if constexpr (B::host_accessible) {
      std::memcpy(host(to), host(from), bytes);
      return {};
    } else {
      return backend_->copy(to, from, bytes, {});
    }
  }
  [[nodiscard]] result<void> clear(std::uintptr_t at, std::size_t bytes) noexcept {
    if constexpr (B::host_accessible) {
      std::memset(host(at), 0, bytes);
      return {};
    } else {
      return backend_->fill(at, bytes, std::byte{}, {});
    }
  }
  [[nodiscard]] result<void> take(std::span<std::byte> to, std::uintptr_t from) noexcept {
    if constexpr (B::host_accessible) {
      std::memcpy(to.data(), host(from), to.size());
      return {};
    } else {
      return backend_->read(to, from, {});
    }
  }
  [[nodiscard]] result<void> give(std::uintptr_t to, std::span<const std::byte> from) noexcept {
    if constexpr (B::host_accessible) {
      std::memcpy(host(to), from.data(), from.size());
      return {};
    } else {
      return backend_->write(to, from, {});
    }
  }
  // Waits until the bytes are there.
  [[nodiscard]] result<void> finish() noexcept {
    if constexpr (!B::host_accessible) {
      auto event = backend_->record({});
      if (!event) return event.error();
      return backend_->wait(*event);
    }
    return {};
  }
  [[nodiscard]] static void* host(std::uintptr_t address) noexcept {
    return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr): what it is
  }

  B* backend_;
  const chunk_pool<B>* rows_;
  L layout_;
  std::uint32_t widest_;  // chunks of a window
  idle_chunk idle_;
  virtual_tensor<B> windows_;         // from, and to
  std::vector<std::uint8_t> mapped_;  // by window and chunk: is anything?
  std::uint32_t shown_ = 0;           // chunks of the windows that may show a row
};

}  // namespace kvfolio::vm
