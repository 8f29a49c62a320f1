// expect: static assertion failed|static_assert failed
// expect: remapping_vm_backend
// expect: backend\.remap\(at, memory, access\)
#include <cstdint>

#include <kvfolio/vm/linux_backend.hpp>

namespace kv = kvfolio;

struct broken : kv::vm::linux_backend {
  using linux_backend::linux_backend;
#ifndef CORRECTED
  kv::result<void> remap(std::uintptr_t, physical) = delete;
#endif
};
static_assert(kv::remapping_vm_backend<broken>);
