// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <kvfolio/core/result.hpp>
#include <kvfolio/vm/address_range.hpp>

namespace kvfolio {
namespace vm {

/// What may be done through a mapping.
enum class access : std::uint8_t {
  none,        ///< nothing; what a new mapping has
  read,        ///< read; a write is trapped where the hardware can
  read_write,  ///< both
};

/// In what sizes physical memory comes, in bytes.
struct granularity_sizes {
  std::size_t minimum;      ///< every size and address is a multiple of it; a power of two
  std::size_t recommended;  ///< a multiple of `minimum` from which on a byte costs the least
};

/// What a backend has handed out, and how much it can at most; `SIZE_MAX` is "as much as there is".
struct backend_usage {
  std::size_t reserved_bytes = 0;      ///< addresses
  std::size_t physical_bytes = 0;      ///< created, and not yet given back to the system
  std::size_t max_physical_bytes = 0;  ///< beyond it `create` fails with `no_physical`
  std::size_t mappings = 0;            ///< ranges of addresses that the system keeps track of
  std::size_t max_mappings = 0;        ///< beyond it `reserve` and `map` fail with `no_mappings`

  /// Equal in every count.
  friend bool operator==(const backend_usage&, const backend_usage&) = default;
};

/// A file that is physical memory, for another process to map.
struct exported_memory {
  int file;              ///< descriptor; the caller closes it
  std::uint64_t offset;  ///< where in the file the memory begins, in bytes
  std::size_t bytes;     ///< how much it is
};

}  // namespace vm

/// Keeps addresses and physical memory apart: reserve addresses, create memory, map one to the
/// other.
///
/// With `minimum = granularity().minimum`; `range` what `reserve` returned and `memory` what
/// `create` did, neither given back; `[at, at + bytes)` within one range; sizes, addresses
/// multiples of `minimum`, sizes not 0:
///
/// | expression                     | meaning                                                     |
/// |--------------------------------|-------------------------------------------------------------|
/// | `granularity()`                | `vm::granularity_sizes`                                     |
/// | `reserve(bytes, alignment)`    | addresses without memory, the first one a multiple of       |
/// |                                | `alignment`, a power of two that is at least `minimum`; or  |
/// |                                | `no_address_space`, `no_mappings`                           |
/// | `free_range(range)`            | gives the addresses back. Nothing is mapped there           |
/// | `create(bytes)`                | that much physical memory, mapped nowhere, or `no_physical`.|
/// |                                | It is there: no later access fails for want of memory       |
/// | `release(memory)`              | gives up the name `memory`. What is mapped stays readable   |
/// |                                | and writable until it is unmapped, and is free after that   |
/// | `map(at, memory)`              | all of `memory`, at `at` and as long as it is, with         |
/// |                                | `access::none`; or `no_mappings`. Nothing is mapped there;  |
/// |                                | `memory` may be mapped elsewhere (aliases are coherent)     |
/// | `set_access(at, bytes, access)`| changes what may be done there. All of it is mapped, whole  |
/// |                                | mappings only; there may be several; or `no_mappings`       |
/// | `unmap(at, bytes)`             | back to reserved. All of it is mapped, whole mappings only; |
/// |                                | there may be several. Nobody is using them                  |
/// | `usage()`                      | `vm::backend_usage`                                         |
/// | `bind_thread()`                | prepares the calling thread. Each thread calls it before any|
/// |                                | other function but the destructor                           |
/// | `B::physical`                  | names memory: regular, trivially copyable                   |
/// | `B::host_accessible`           | constant: may the host read and write at the addresses?     |
/// | `B::zero_on_create`            | constant: is new memory zero? Otherwise it may hold anything|
/// | `B::atomic_remap`              | constant: is it a `remapping_vm_backend`?                   |
///
/// "Nothing is mapped there", "all of it is mapped" and the like are preconditions. Load is a
/// value: a call that fails changed nothing, and the process stays usable. `errc::device_failed`
/// may come from any call of a backend that drives a device; such a backend can only be destroyed.
/// Giving back (`free_range`, `release`, `unmap`) fails with nothing else.
///
/// A backend may be moved while everything is in use. Its destructor gives back what is left. One
/// thread at a time: callers serialise. How long calls take does not depend on the bytes reserved,
/// nor on the mappings elsewhere, but for a logarithm of the number of ranges.
// clang-format off
template <class B>
concept vm_backend =
    std::movable<B> && std::regular<typename B::physical> &&
    std::is_trivially_copyable_v<typename B::physical> &&
    requires(B& backend, const B& unchanging, vm::address_range range,
             typename B::physical memory, std::uintptr_t at, std::size_t bytes, vm::access access) {
      { unchanging.granularity() }             noexcept -> std::same_as<vm::granularity_sizes>;
      { backend.reserve(bytes, bytes) }        noexcept -> std::same_as<result<vm::address_range>>;
      { backend.free_range(range) }            noexcept -> std::same_as<result<void>>;
      { backend.create(bytes) }       noexcept -> std::same_as<result<typename B::physical>>;
      { backend.release(memory) }              noexcept -> std::same_as<result<void>>;
      { backend.map(at, memory) }              noexcept -> std::same_as<result<void>>;
      { backend.set_access(at, bytes, access) } noexcept -> std::same_as<result<void>>;
      { backend.unmap(at, bytes) }             noexcept -> std::same_as<result<void>>;
      { unchanging.usage() }                   noexcept -> std::same_as<vm::backend_usage>;
      { backend.bind_thread() }                noexcept -> std::same_as<result<void>>;
      requires std::same_as<decltype(B::host_accessible), const bool>;
      requires std::same_as<decltype(B::zero_on_create), const bool>;
      requires std::same_as<decltype(B::atomic_remap), const bool>;
    };

/// A `vm_backend` whose addresses the host may read and write.
template <class B>
concept host_vm_backend = vm_backend<B> && B::host_accessible;

/// A `vm_backend` that can take the cost of first accesses upon itself.
///
/// | expression            | meaning                                                            |
/// |-----------------------|--------------------------------------------------------------------|
/// | `populate(at, bytes)` | enters what is mapped there, with `access::read_write`, in the     |
/// |                       | page tables. Content does not change. Or `no_physical`             |
template <class B>
concept prefaulting_vm_backend =
    vm_backend<B> &&
    requires(B& backend, std::uintptr_t at, std::size_t bytes) {
      { backend.populate(at, bytes) } noexcept -> std::same_as<result<void>>;
    };

/// A `vm_backend` that can put other memory in the place of some, with no moment between.
///
/// | expression                   | meaning                                                     |
/// |------------------------------|-------------------------------------------------------------|
/// | `remap(at, memory, access)`  | as `unmap`, `map` and `set_access` would, but who reads     |
/// |                              | there sees the old or the new memory; or `no_mappings`. One |
/// |                              | mapping or several whole ones are there, as long as `memory`|
template <class B>
concept remapping_vm_backend =
    vm_backend<B> && B::atomic_remap &&
    requires(B& backend, std::uintptr_t at, typename B::physical memory, vm::access access) {
      { backend.remap(at, memory, access) } noexcept -> std::same_as<result<void>>;
    };

/// A `vm_backend` that maps with access in one step, for less than two.
///
/// | expression                | meaning                                                        |
/// |---------------------------|----------------------------------------------------------------|
/// | `map(at, memory, access)` | `map(at, memory)`, then `set_access` of it to `access`, or     |
/// |                           | neither                                                        |
template <class B>
concept fusing_vm_backend =
    vm_backend<B> &&
    requires(B& backend, std::uintptr_t at, typename B::physical memory, vm::access access) {
      { backend.map(at, memory, access) } noexcept -> std::same_as<result<void>>;
    };

/// A `vm_backend` whose memory other processes can map.
///
/// | expression            | meaning                                                            |
/// |-----------------------|--------------------------------------------------------------------|
/// | `export_file(memory)` | `vm::exported_memory`, or `out_of_memory` if the process has no    |
/// |                       | descriptor left                                                    |
template <class B>
concept exporting_vm_backend =
    vm_backend<B> &&
    requires(B& backend, typename B::physical memory) {
      { backend.export_file(memory) } noexcept -> std::same_as<result<vm::exported_memory>>;
    };

/// A `vm_backend` that moves bytes, in the order of a stream and perhaps after the call returns.
///
/// `stream` is a `B::stream`: regular, `B::stream{}` the backend's own. Addresses are mapped, with
/// the access that is needed, and stay so until an event behind the call is reached; so do the
/// host's bytes. Sizes and addresses may be any.
///
/// | expression                       | meaning                                                   |
/// |----------------------------------|-----------------------------------------------------------|
/// | `copy(to, from, bytes, stream)`  | between addresses that do not overlap                     |
/// | `write(to, bytes_span, stream)`  | from the host's memory                                    |
/// | `read(bytes_span, from, stream)` | to the host's memory                                      |
/// | `fill(at, bytes, value, stream)` | each byte becomes `value`                                 |
/// | `record(stream)`                 | a `B::event` behind all that `stream` was given so far;   |
/// |                                  | or `out_of_memory`                                        |
/// | `reached(event)`                 | is all that done?                                         |
/// | `wait(event)`                    | returns when it is                                        |
/// | `follow(stream, event)`          | what `stream` is given from now on runs after `event`     |
///
/// `B::event` is movable, and must be destroyed before the backend.
template <class B>
concept copying_vm_backend =
    vm_backend<B> && std::regular<typename B::stream> && std::movable<typename B::event> &&
    requires(B& backend, std::uintptr_t at, std::size_t bytes, std::byte value,
             std::span<const std::byte> source, std::span<std::byte> destination,
             typename B::stream stream, const typename B::event& event) {
      { backend.copy(at, at, bytes, stream) }     noexcept -> std::same_as<result<void>>;
      { backend.write(at, source, stream) }       noexcept -> std::same_as<result<void>>;
      { backend.read(destination, at, stream) }   noexcept -> std::same_as<result<void>>;
      { backend.fill(at, bytes, value, stream) }  noexcept -> std::same_as<result<void>>;
      { backend.record(stream) }       noexcept -> std::same_as<result<typename B::event>>;
      { backend.reached(event) }                  noexcept -> std::same_as<result<bool>>;
      { backend.wait(event) }                     noexcept -> std::same_as<result<void>>;
      { backend.follow(stream, event) }           noexcept -> std::same_as<result<void>>;
    };
// clang-format on

}  // namespace kvfolio
