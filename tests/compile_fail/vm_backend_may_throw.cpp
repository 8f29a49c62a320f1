// expect: constraints not satisfied
// expect: vm_backend
// expect: backend\.unmap\(at, bytes\)
#include <cstddef>
#include <cstdint>

#include <kvfolio/vm/chunk_pool.hpp>
#include <kvfolio/vm/linux_backend.hpp>

namespace kv = kvfolio;

#ifdef CORRECTED
#define PROMISE noexcept
#else
#define PROMISE
#endif
struct broken : kv::vm::linux_backend {
  using linux_backend::linux_backend;
  kv::result<void> unmap(std::uintptr_t at, std::size_t bytes) PROMISE {
    return linux_backend::unmap(at, bytes);
  }
};
std::size_t size = sizeof(kv::vm::chunk_pool<broken>);
