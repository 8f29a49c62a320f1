// expect: constraints not satisfied
// expect: handles<.*event::forked>
// expect: observer\.on\(event\)
#include <kvfolio/kvfolio.hpp>

namespace event = kvfolio::event;

struct broken
    : kvfolio::ignore<event::page_fault, event::page_copied, event::page_freed, event::failed,
                      event::page_indexed, event::page_withdrawn, event::page_evicted,
                      event::page_hit, event::prompt_matched, event::invalidated> {
  using ignore::on;
#ifndef CORRECTED
  void on_fork(const event::forked&) noexcept {}
#else
  void on(const event::forked&) noexcept {}
#endif
};
struct bundle : kvfolio::default_policies {
  using observer = broken;
};
kvfolio::paged_cache<bundle> cache{{}};
