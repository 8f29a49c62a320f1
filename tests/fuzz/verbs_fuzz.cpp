// SPDX-License-Identifier: Apache-2.0
// Bytes are verbs: each decision of the driver takes one. With clang this is a libFuzzer target;
// with other compilers a program that replays the files it is given, and random bytes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>

#include "../support/bundles.hpp"
#include "../support/verb_driver.hpp"

namespace kvfolio::test {
namespace {

// Hands out the bytes of an input as decisions, and zeros after its end.
struct byte_choice {
  std::span<const std::uint8_t>* rest;
  std::size_t operator()(std::size_t bound) const {
    std::size_t number = 0;
    for (std::size_t range = 1; range < bound && !rest->empty(); range *= 256) {
      number = number * 256 + rest->front();
      *rest = rest->subspan(1);
    }
    return number % bound;
  }
};

template <class Bundle>
void drive(std::span<const std::uint8_t> input) {
  auto config = Bundle::config();
  config.shape = model::grouped_query(1, 1, 4, dtype::i8);  // few bytes: more histories a second
  verb_driver<Bundle, byte_choice> driver{config, byte_choice{&input}};
  while (!input.empty()) driver.step();
  driver.finish();
}

}  // namespace
}  // namespace kvfolio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kvfolio::test;
  const std::span input{data, size};
  if (input.empty()) return 0;
  try {
    switch (input[0] % 6) {
      case 0: drive<counted>(input.subspan(1)); break;
      case 1: drive<persistent_table>(input.subspan(1)); break;
      case 2: drive<deferred_unbacked>(input.subspan(1)); break;
      case 3: drive<deferred_mapped>(input.subspan(1)); break;
      case 4: drive<pages_of<3, 24>>(input.subspan(1)); break;
      default: drive<null_page>(input.subspan(1));
    }
  } catch (const std::exception& difference) {
    std::fprintf(stderr, "verbs_fuzz: %s\n", difference.what());
    std::abort();
  }
  return 0;
}
