// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kvfolio/core/config.hpp>
#include <kvfolio/vm/concept.hpp>
#include <kvfolio/vm/host_copying.hpp>
#include <kvfolio/vm/ledger.hpp>
#include <kvfolio/vm/linux_options.hpp>
#include <kvfolio/vm/memory_file.hpp>
#include <kvfolio/vm/spare_mappings.hpp>

namespace kvfolio::vm {

/// Memory of a Linux host, in a file that has no name, mapped piece by piece.
///
/// Memory is taken from the machine and zeroed by `create`, which is slow; mapping it is a system
/// call or two. The kernel keeps at most `vm.max_map_count` mappings for a process, and one that
/// has them all can hardly do anything: this keeps below, and calls that would go beyond fail with
/// `no_mappings`. Who makes two of them gives each a part (`max_mappings`).
///
/// A child process (`fork`) has nothing at these addresses, so that it cannot write into memory of
/// its parent; it may destroy its copy, and do nothing else with it. While a thread maps, another
/// one that forks may leave the newest mapping to the child.
///
/// Huge pages: `usage_of_pages()` says how much memory has them; memory whose pages could not be
/// collapsed has small ones. A machine without a reserve gives `no_physical` for `reserved`.
class linux_backend : public host_copying {
 public:
  using physical = memory_id;                    ///< names memory
  static constexpr bool host_accessible = true;  ///< the addresses are the host's
  static constexpr bool zero_on_create = true;   ///< as all memory that a kernel gives out
  static constexpr bool atomic_remap = true;     ///< `MAP_FIXED` replaces

  /// How much memory has which pages, in bytes.
  struct page_usage {
    std::size_t small = 0;  ///< of 4 KiB
    std::size_t huge = 0;   ///< of 2 MiB
  };

  /// Takes no memory yet. \throws std::invalid_argument if the options make no sense
  /// \throws std::runtime_error if the machine has not that much memory available, or no such files
  /// \throws std::bad_alloc
  explicit linux_backend(const linux_options& options)
      : options_{checked(options)},
        books_{options.granule, options.capacity / options.granule},
        file_{options.pages == page_kind::reserved} {
    if (!file_.is_open()) {
      throw std::runtime_error(
          "kvfolio: memfd_create failed; raise the limit of open files (ulimit -n), and for "
          "page_kind::reserved use a kernel that has huge pages");
    }
  }

  /// Takes over everything. What is left can only be destroyed or assigned to.
  linux_backend(linux_backend&&) noexcept = default;
  /// Gives back what is here, then takes over everything.
  linux_backend& operator=(linux_backend&& other) noexcept {
    linux_backend taken{std::move(other)};
    std::swap(options_, taken.options_);
    std::swap(owner_, taken.owner_);
    std::swap(books_, taken.books_);
    std::swap(file_, taken.file_);
    std::swap(spare_, taken.spare_);
    std::swap(next_offset_, taken.next_offset_);
    std::swap(pages_, taken.pages_);
    return *this;
  }
  linux_backend(const linux_backend&) = delete;
  linux_backend& operator=(const linux_backend&) = delete;
  ~linux_backend() { give_back(); }

  /// The granule; a byte costs the least in pieces of 2 MiB.
  [[nodiscard]] granularity_sizes granularity() const noexcept {
    return {books_.granule(), std::max(books_.granule(), memory_file::huge_page)};
  }

  /// Reserves addresses. One system call, or up to five.
  [[nodiscard]] result<address_range> reserve(std::size_t bytes, std::size_t alignment) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    KVFOLIO_EXPECTS(bytes > 0 && books_.is_whole(bytes));
    KVFOLIO_EXPECTS(alignment >= books_.granule() && (alignment & (alignment - 1)) == 0);
    if (books_.pieces() + 1 > options_.max_mappings) return errc::no_mappings;
    const auto first = take_addresses(bytes, alignment);
    if (first == 0) return errc::no_address_space;
    if (!books_.add_range({first, bytes})) {
      ::munmap(at_address(first), bytes);
      return errc::no_address_space;
    }
    ::madvise(at_address(first), bytes, MADV_DONTFORK);
    return address_range{first, bytes};
  }

  /// Gives addresses back. One system call.
  result<void> free_range(address_range range) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    books_.remove_range(range);
    with_room_to_undo([&] { return ::munmap(at_address(range.first), range.bytes) == 0; });
    return {};
  }

  /// Takes memory from the machine, and zeroes it. O(bytes).
  [[nodiscard]] result<physical> create(std::size_t bytes) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    KVFOLIO_EXPECTS(bytes > 0 && books_.is_whole(bytes));
    const auto used = books_.memory().bytes();
    if (bytes > options_.capacity - used || !books_.memory().has_room()) return errc::no_physical;
    // Places in the file are not used again; there are enough for centuries.
    if (!file_.commit(next_offset_, bytes)) return errc::no_physical;
    const bool huge =
        options_.pages == page_kind::reserved ||
        (options_.pages == page_kind::collapsed && file_.collapse(next_offset_, bytes));
    (huge ? pages_.huge : pages_.small) += bytes;
    const auto memory = books_.memory().add(next_offset_ | (huge ? huge_mark : 0U), bytes);
    next_offset_ += bytes;
    return memory;
  }

  /// Gives up a name. O(bytes) if nothing maps the memory.
  result<void> release(physical memory) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    books_.memory().release(memory, [this](auto... gone) { discard(gone...); });
    return {};
  }

  /// Maps memory. Two system calls.
  result<void> map(std::uintptr_t at, physical memory) noexcept {
    return map(at, memory, access::none);
  }

  /// Maps memory, with access. Two system calls.
  result<void> map(std::uintptr_t at, physical memory, access allowed) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    KVFOLIO_EXPECTS(books_.is_mappable(at, memory));
    if (books_.pieces_after_map(at, books_.memory().bytes(memory)) > options_.max_mappings) {
      return errc::no_mappings;
    }
    if (!place(at, memory, allowed)) return errc::no_mappings;
    books_.map(at, memory, allowed);
    return {};
  }

  /// Changes what may be done. One system call for all mappings there.
  result<void> set_access(std::uintptr_t at, std::size_t bytes, access allowed) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    KVFOLIO_EXPECTS(books_.is_mapped(at, bytes));
    if (::mprotect(at_address(at), bytes, protection(allowed)) != 0) {
      // Some may have changed before the kernel had no room to part others.
      books_.for_each_mapping(
          at, bytes, [&](std::uintptr_t first, memory_id memory, access before) {
            ::mprotect(at_address(first), books_.memory().bytes(memory), protection(before));
          });
      return errc::no_mappings;
    }
    books_.set_access(at, bytes, allowed);
    return {};
  }

  /// Unmaps. Two system calls for all mappings there, and O(bytes) for memory that was released.
  /// Should others in the process have used up the kernel's mappings, the pages may stay mapped
  /// without access until something else is mapped there.
  result<void> unmap(std::uintptr_t at, std::size_t bytes) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    KVFOLIO_EXPECTS(books_.is_mapped(at, bytes));
    const bool empty = with_room_to_undo([&] {
      return ::mmap(at_address(at), bytes, PROT_NONE, reserving | MAP_FIXED, -1, 0) != MAP_FAILED;
    });
    if (!empty) ::mprotect(at_address(at), bytes, PROT_NONE);
    ::madvise(at_address(at), bytes, MADV_DONTFORK);
    books_.unmap(at, bytes, [this](auto... gone) { discard(gone...); });
    return {};
  }

  /// Puts memory in the place of what is mapped there. Two system calls.
  result<void> remap(std::uintptr_t at, physical memory, access allowed) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    KVFOLIO_EXPECTS(books_.memory().is_named(memory));
    const auto bytes = books_.memory().bytes(memory);
    KVFOLIO_EXPECTS(books_.is_mapped(at, bytes));
    if (!place(at, memory, allowed)) return errc::no_mappings;
    books_.unmap(at, bytes, [this](auto... gone) { discard(gone...); });
    books_.map(at, memory, allowed);
    return {};
  }

  /// Enters what is mapped there in the page tables. One system call, O(bytes).
  result<void> populate(std::uintptr_t at, std::size_t bytes) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    KVFOLIO_EXPECTS(books_.is_mapped(at, bytes));
    if (!memory_file::populate(at_address(at), bytes)) return errc::no_physical;
    return {};
  }

  /// Returns a descriptor of the file, and where in it `memory` begins.
  [[nodiscard]] result<exported_memory> export_file(physical memory) noexcept {
    KVFOLIO_EXPECTS(is_owner());
    KVFOLIO_EXPECTS(books_.memory().is_named(memory));
    const int file = ::fcntl(file_.descriptor(), F_DUPFD_CLOEXEC, 0);  // NOLINT(*-vararg)
    if (file < 0) return errc::out_of_memory;
    return exported_memory{file, books_.memory().where(memory) & ~huge_mark,
                           books_.memory().bytes(memory)};
  }

  /// What is handed out.
  [[nodiscard]] backend_usage usage() const noexcept {
    return {books_.reserved_bytes(), books_.memory().bytes(), options_.capacity, books_.pieces(),
            options_.max_mappings};
  }

  /// What pages memory has.
  [[nodiscard]] page_usage usage_of_pages() const noexcept { return pages_; }

  /// Nothing to prepare.
  result<void> bind_thread() noexcept { return {}; }

 private:
  static constexpr std::uint64_t huge_mark = 1;  // in an offset, which is a multiple of a page
  static constexpr int reserving = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

  [[nodiscard]] static void* at_address(std::uintptr_t address) noexcept {
    return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr): what it is
  }
  [[nodiscard]] static constexpr int protection(access allowed) noexcept {
    if (allowed == access::none) return PROT_NONE;
    return allowed == access::read ? PROT_READ : PROT_READ | PROT_WRITE;
  }
  // Is this the process that made it, and not a child?
  [[nodiscard]] bool is_owner() const noexcept { return owner_ == ::getpid(); }

  // Addresses at a multiple of `alignment`, or 0.
  [[nodiscard]] static std::uintptr_t take_addresses(std::size_t bytes,
                                                     std::size_t alignment) noexcept {
    void* const first = ::mmap(nullptr, bytes, PROT_NONE, reserving, -1, 0);
    if (first == MAP_FAILED) return 0;
    if (reinterpret_cast<std::uintptr_t>(first) % alignment == 0) {
      return reinterpret_cast<std::uintptr_t>(first);
    }
    ::munmap(first, bytes);
    if (bytes + alignment < bytes) return 0;
    void* const room = ::mmap(nullptr, bytes + alignment, PROT_NONE, reserving, -1, 0);
    if (room == MAP_FAILED) return 0;
    const auto before = alignment - reinterpret_cast<std::uintptr_t>(room) % alignment;
    auto* const aligned = static_cast<char*>(room) + before;
    ::munmap(room, before);
    if (before < alignment) ::munmap(aligned + bytes, alignment - before);
    return reinterpret_cast<std::uintptr_t>(aligned);
  }

  // Maps over whatever is there. The kernel forgets what forks shall not copy whenever something is
  // mapped; telling it again cannot fail for one whole new mapping.
  [[nodiscard]] bool place(std::uintptr_t at, memory_id memory, access allowed) const noexcept {
    const auto bytes = books_.memory().bytes(memory);
    const auto offset = books_.memory().where(memory) & ~huge_mark;
    void* const mapped = ::mmap(at_address(at), bytes, protection(allowed), MAP_SHARED | MAP_FIXED,
                                file_.descriptor(), static_cast<off_t>(offset));
    if (mapped == MAP_FAILED) return false;
    ::madvise(mapped, bytes, MADV_DONTFORK);
    return true;
  }

  // Runs `undo`, which needs room among the kernel's mappings to leave more than there was.
  template <class Undo>
  bool with_room_to_undo(Undo undo) noexcept {
    bool done = undo();
    if (!done) {
      spare_.spend();
      done = undo();
    }
    spare_.refill();
    return done;
  }

  // Gives memory that nobody has any more back to the machine.
  void discard(std::uint64_t where, std::size_t bytes) noexcept {
    file_.discard(where & ~huge_mark, bytes);
    ((where & huge_mark) != 0 ? pages_.huge : pages_.small) -= bytes;
  }

  // In a child there may be other things at the addresses, and the memory is the parent's.
  void give_back() noexcept {
    if (!is_owner()) return;
    books_.for_each_range(
        [](address_range range) { ::munmap(at_address(range.first), range.bytes); });
  }

  linux_options options_;
  pid_t owner_ = ::getpid();
  ledger books_;
  memory_file file_;
  spare_mappings spare_;
  std::uint64_t next_offset_ = 0;
  page_usage pages_;
};

static_assert(host_vm_backend<linux_backend> && prefaulting_vm_backend<linux_backend> &&
              remapping_vm_backend<linux_backend> && fusing_vm_backend<linux_backend> &&
              exporting_vm_backend<linux_backend> && copying_vm_backend<linux_backend>);

}  // namespace kvfolio::vm
