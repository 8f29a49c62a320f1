// SPDX-License-Identifier: Apache-2.0
// A walk through the life of a few conversations in a paged cache, for newcomers.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <support/output.hpp>
#include <tour/pool_drawing.hpp>
#include <tour/scenes.hpp>
#include <tour/stage.hpp>

int main(int count, char** words) try {
  constexpr std::uint32_t pages = 8;
  CLI::App app{"Walks through the life of a few conversations in a paged KV cache."};
  std::string svg;
  app.add_option("--svg", svg, "draw the pool, scene by scene, to this file");
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  tour::stage stage{pages};
  tour::play(stage);
  if (!svg.empty()) support::write_text(svg, draw(stage.snapshots()));
  return 0;
} catch (const std::exception& problem) {
  std::fprintf(stderr, "tour: %s\n", problem.what());
  return 1;
}
