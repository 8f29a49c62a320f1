// expect: constraints not satisfied
// expect: vm_backend
// expect: backend\.map\(at, memory\)
#include <cstddef>
#include <cstdint>

#include <kvfolio/vm/chunk_pool.hpp>
#include <kvfolio/vm/linux_backend.hpp>

namespace kv = kvfolio;

struct broken : kv::vm::linux_backend {
  using linux_backend::linux_backend;
#ifndef CORRECTED
  bool map(std::uintptr_t at, physical memory) noexcept {
    return linux_backend::map(at, memory).has_value();
  }
#endif
};
std::size_t size = sizeof(kv::vm::chunk_pool<broken>);
