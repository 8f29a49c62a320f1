// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <vector>

#include <kvfolio/kvfolio.hpp>

namespace kv = kvfolio;

int main() {
  kv::paged_cache<> cache{
      {.shape = kv::model::grouped_query(32, 8, 128, kv::dtype::f16), .pages = 64}};
  const std::vector<kv::token_id> prompt(100, 7);
  auto chat = cache.create(prompt).value();   // a sequence; it gives its pages back when it goes
  if (!chat.append(prompt.size())) return 1;  // storage for 100 tokens, or nothing has changed
  chat.commit(prompt);                        // once their keys and values are computed
  auto beam = chat.fork().value();            // shares every page, copies none
  if (!beam.append(1)) return 1;              // copies the 4 tokens of the page they both end in
  for (const auto page : beam.page_table()) std::printf("%u ", static_cast<unsigned>(page));
  std::printf("\n%zu pages for two\n", cache.statistics().used_pages);
}
