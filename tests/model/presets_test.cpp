// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <kvfolio/model/presets.hpp>

namespace kvfolio::test {
namespace {

struct published {
  std::string_view name;
  std::uint64_t parameters;
  std::uint64_t active;
  std::uint64_t kv_bytes_per_token;
};

// Totals of the published checkpoints; KV of all layers, two bytes an element.
constexpr published known[] = {
    {"llama-2-7b", 6'738'415'616, 6'738'415'616, 524'288},
    {"llama-2-13b", 13'015'864'320, 13'015'864'320, 819'200},
    {"llama-2-70b", 68'976'648'192, 68'976'648'192, 327'680},
    {"llama-3-8b", 8'030'261'248, 8'030'261'248, 131'072},
    {"llama-3-70b", 70'553'706'496, 70'553'706'496, 327'680},
    {"mistral-7b", 7'241'732'096, 7'241'732'096, 131'072},
    {"mixtral-8x7b", 46'702'792'704, 12'879'925'248, 131'072},
    {"qwen2.5-7b", 7'615'616'512, 7'615'616'512, 57'344},
    {"qwen3-8b", 8'190'735'360, 8'190'735'360, 147'456},
    {"qwen3-30b-a3b", 30'532'122'624, 3'353'032'704, 98'304},
    {"gemma-3-270m", 268'098'176, 268'098'176, 18'432},
    {"gemma-3-27b", 27'009'346'304, 27'009'346'304, 507'904},
    {"phi-3-mini", 3'821'079'552, 3'821'079'552, 393'216},
    {"gpt2", 124'439'808, 124'439'808, 36'864},
    {"gpt2-medium", 354'823'168, 354'823'168, 98'304},
    {"gpt-3-175b", 174'604'259'328, 174'604'259'328, 4'718'592},
    {"opt-125m", 125'239'296, 125'239'296, 36'864},
    {"opt-13b", 12'853'473'280, 12'853'473'280, 819'200},
    {"deepseek-v2-lite", 15'706'484'224, 2'661'150'208, 31'104},
    {"deepseek-v3", 671'026'419'200, 37'552'297'472, 70'272},
};

TEST(presets, have_the_parameters_and_kv_bytes_of_the_published_models) {
  ASSERT_EQ(model::presets.size(), std::size(known));
  for (const auto& [name, parameters, active, kv] : known) {
    const auto model = model::preset_named(name);
    EXPECT_NO_THROW(model::check(model)) << name;
    EXPECT_EQ(model::parameters(model), parameters) << name;
    EXPECT_EQ(model::active_parameters(model), active) << name;
    EXPECT_EQ(model::kv_bytes_per_token(model, dtype::f16), kv) << name;
    EXPECT_EQ(model::weight_bytes(model, model::uniform(dtype::f16)), 2 * parameters) << name;
  }
}

TEST(presets, gemma_reads_everything_in_every_sixth_layer) {
  int full = 0;
  for (const auto& layer : model::preset_named("gemma-3-27b").layers) {
    full += layer.attends.window == 0 ? 1 : 0;
  }
  EXPECT_EQ(full, 10) << "and a window of 1,024 in 52";
}

TEST(presets, an_unknown_name_is_refused_with_those_that_there_are) {
  try {
    static_cast<void>(model::preset_named("llama-9"));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find("llama-3-8b"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace kvfolio::test
