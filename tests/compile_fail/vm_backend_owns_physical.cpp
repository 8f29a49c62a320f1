// expect: constraints not satisfied
// expect: vm_backend
// expect: physical
#include <cstddef>
#include <cstdint>
#include <memory>

#include <kvfolio/vm/chunk_pool.hpp>
#include <kvfolio/vm/linux_backend.hpp>

namespace kv = kvfolio;

// Names of memory are copied into tables; who frees it is up to whoever keeps them.
struct broken : kv::vm::linux_backend {
  using linux_backend::linux_backend;
#ifndef CORRECTED
  using physical = std::shared_ptr<kv::vm::memory_id>;
#endif
};
std::size_t size = sizeof(kv::vm::chunk_pool<broken>);
