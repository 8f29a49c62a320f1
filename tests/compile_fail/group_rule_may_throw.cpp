// expect: constraints not satisfied
// expect: group_rule
// expect: rule\.first_needed\(complete\)
#include <cstddef>

#include <kvfolio/hybrid_cache.hpp>

namespace kv = kvfolio;

#ifdef CORRECTED
#define PROMISE noexcept
#else
#define PROMISE
#endif
struct every_other_page : kv::group::full {
  [[nodiscard]] std::size_t first_needed(std::size_t complete) const PROMISE {
    return complete / 2;
  }
};
using cache = kv::hybrid_cache<kv::default_policies, every_other_page>;
std::size_t size = sizeof(cache);
