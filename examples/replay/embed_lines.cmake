# Writes the C++ source `out`, in which sample_text() returns the text file `in`. One literal a line,
# because compilers need not take long ones.
file(READ ${in} text)
string(REGEX REPLACE "\n+$" "" text "${text}")
string(REPLACE "\n" ")line\",\n    R\"line(" text "${text}")
file(WRITE ${out} "// Made by embed_lines.cmake.
#include <replay/sample.hpp>

namespace replay {
namespace {
constexpr const char* lines[] = {
    R\"line(${text})line\"};
}  // namespace

std::string sample_text() {
  std::string text;
  for (const auto* line : lines) {
    text += line;
    text += '\\n';
  }
  return text;
}

}  // namespace replay
")
