// expect: constraints not satisfied
// expect: group_rule
// expect: rule\.first_needed\(complete\)
#include <cstddef>

#include <kvfolio/hybrid_cache.hpp>

namespace kv = kvfolio;

struct every_other_page : kv::group::full {
#ifdef CORRECTED
  [[nodiscard]] std::size_t first_needed(std::size_t complete) const noexcept {
#else
  [[nodiscard]] std::size_t first_needed(std::size_t complete) const {
#endif
      return complete / 2;
}
}
;
using cache = kv::hybrid_cache<kv::default_policies, every_other_page>;
std::size_t size = sizeof(cache);
