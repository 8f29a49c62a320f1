// expect: operator<
// expect: byte_rate|byte_per_second
#include <kvfolio/tier/units.hpp>

bool slower(kvfolio::tier::seconds time, kvfolio::tier::byte_rate rate) {
#ifndef CORRECTED
  return time < rate;
#else
  return time < std::uint64_t{1} / rate;
#endif
}
