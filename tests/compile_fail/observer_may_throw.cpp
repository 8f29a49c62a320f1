// expect: constraints not satisfied
// expect: handles<.*event::forked>
// expect: noexcept
#include <kvfolio/kvfolio.hpp>

namespace event = kvfolio::event;

struct broken : kvfolio::ignore_all_but<event::forked> {
  using ignore_all_but::on;
#ifndef CORRECTED
  void on(const event::forked&) {}
#else
  void on(const event::forked&) noexcept {}
#endif
};
struct bundle : kvfolio::default_policies {
  using observer = broken;
};
kvfolio::paged_cache<bundle> cache{{}};
