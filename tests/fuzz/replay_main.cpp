// SPDX-License-Identifier: Apache-2.0
// verbs_fuzz [--rounds N] FILE...: the fuzz target on the bytes of files, then on random bytes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** words) {
  int rounds = 300;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--help") {
      std::puts("usage: verbs_fuzz [--rounds N] FILE...");
      return 0;
    }
    if (word == "--rounds" && i + 1 < count) {
      rounds = std::stoi(words[++i]);
      continue;
    }
    std::ifstream file{word, std::ios::binary};
    if (!file) {
      std::fprintf(stderr, "verbs_fuzz: cannot read %s\n", word.c_str());
      return 2;
    }
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::mt19937 rng{20'260};
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::uint8_t> input(1 + rng() % 2'000);
    for (auto& each : input) each = static_cast<std::uint8_t>(rng());
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%d random inputs, seed 20260, agree with the model\n", rounds);
  return 0;
}
