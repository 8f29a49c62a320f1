// SPDX-License-Identifier: Apache-2.0
// A model in stages that are threads, with several micro-batches, equals the model in one.
#include <cstdint>
#include <cstdio>

#include <pipeline/run.hpp>
#include <tensor_parallel/on_threads.hpp>

int main() {
  bool equal = true;
  for (const std::uint32_t count : {1U, 2U, 3U, 7U}) {
    equal =
        sharded::on_threads(count, [](auto& ranks) { return staged::equals_one_stage(ranks); }) &&
        equal;
  }
  if (!equal) std::fprintf(stderr, "pipeline: stages differ from the whole\n");
  return equal ? 0 : 1;
}
