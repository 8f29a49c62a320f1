// expect: constraints not satisfied
// expect: prefix_index
// expect: unchanging\.match\(realm, tokens, out\)
#include <span>

#include <kvfolio/kvfolio.hpp>

namespace kv = kvfolio;

struct broken : kv::prefix::radix {
  using basic_radix::basic_radix;
#ifndef CORRECTED
  kv::prefix_cursor match(const kv::prefix_realm&, std::span<const kv::token_id>,
                          std::span<kv::page_id>) noexcept {
    return {};
  }
#endif
};
struct bundle : kv::default_policies {
  using prefix_index = broken;
};
kv::paged_cache<bundle> cache{{}};
