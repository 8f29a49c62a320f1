// expect: constraints not satisfied
// expect: memory_source
// expect: source\.allocate\(bytes\)
#include <kvfolio/kvfolio.hpp>

struct broken : kvfolio::memory::heap {
#ifndef CORRECTED
  void* allocate(std::size_t bytes) noexcept {
    return ::operator new(bytes, std::nothrow);
  }
#endif
};
struct bundle : kvfolio::default_policies {
  using memory = broken;
};
kvfolio::paged_cache<bundle> cache{{}};
