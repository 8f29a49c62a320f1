// SPDX-License-Identifier: Apache-2.0
// A transformer layer cut between ranks that are threads equals the whole layer.
#include <cstdint>
#include <cstdio>

#include <tensor_parallel/on_threads.hpp>
#include <tensor_parallel/run.hpp>

int main() {
  bool equal = true;
  for (const std::uint32_t count : {1U, 2U, 4U, 8U}) {
    equal =
        sharded::on_threads(count, [](auto& ranks) { return sharded::equals_unsharded(ranks); }) &&
        equal;
  }
  if (!equal) std::fprintf(stderr, "tensor_parallel: a cut layer differs from the whole\n");
  return equal ? 0 : 1;
}
