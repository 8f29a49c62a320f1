// expect: constraints not satisfied
// expect: run_allocator
// expect: allocate_run
#include <kvfolio/page/first_fit.hpp>
#include <kvfolio/page/free_list.hpp>
#include <kvfolio/page/run_source.hpp>

#ifndef CORRECTED
using pages = kvfolio::page::free_list<>;
#else
using pages = kvfolio::page::first_fit;
#endif
using source = kvfolio::page::run_source<pages>;
