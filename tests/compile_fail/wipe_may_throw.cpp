// expect: constraints not satisfied
// expect: page_wipe
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/scrubbing.hpp>

struct wipe {
#ifndef CORRECTED
  void operator()(kvfolio::page_run);
#else
  void operator()(kvfolio::page_run) noexcept {}
#endif
};
kvfolio::page::scrubbing<kvfolio::page::free_list<>, wipe> pages{kvfolio::page_id{0},
                                                                 kvfolio::page_id{1}};
