// expect: constraints not satisfied
// expect: eviction_policy
// expect: policy\.evict\(access, eligible\)
#include <optional>

#include <kvfolio/kvfolio.hpp>

namespace kv = kvfolio;

struct broken : kv::eviction::fifo {
  using fifo::fifo;
#ifndef CORRECTED
  std::optional<kv::page_id> evict(const kv::page_access&) noexcept {
    return std::nullopt;
  }
#endif
};
struct bundle : kv::default_policies {
  using eviction = broken;
};
kv::paged_cache<bundle> cache{{}};
