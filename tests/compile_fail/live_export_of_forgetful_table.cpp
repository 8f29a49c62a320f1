// expect: constraints not satisfied
// expect: followable
// expect: tracking_page_table
#include <array>

#include <kvfolio/kvfolio.hpp>

namespace kv = kvfolio;

struct serving : kv::default_policies {
#ifdef CORRECTED
  using page_table = kv::table::tracked<kv::table::flat>;
#endif
};

auto update(const kv::paged_cache<serving>::sequence& chat, kv::table::live_padded& live) {
  return live.update(std::array{&chat});
}
