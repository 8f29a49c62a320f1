// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <kvfolio/model/architecture.hpp>

namespace plan {

/// Thrown for a configuration that cannot be read; `what()` names the field.
struct bad_config : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A model, and how its checkpoint is stored.
struct configured_model {
  kvfolio::model::architecture model;      ///< the decoder, of what reads images, too
  kvfolio::dtype type;                     ///< of what is not quantised, and of the cache
  kvfolio::model::weight_formats formats;  ///< of its weights
  std::uint64_t vision_parameters = 0;     ///< beside the decoder
};

/// Returns the model that `text` describes: the contents of a Hugging Face `config.json`. What it
/// does not say has the default of its family. `name` is for messages.
/// \throws bad_config naming what is missing, wrong or unknown
[[nodiscard]] configured_model parse_config(std::string_view text, const std::string& name);

/// Returns the model that the file at `path` describes. \throws bad_config, also if it is not there
[[nodiscard]] configured_model load_config(const std::string& path);

/// Returns the type called `name`: "bf16", "bfloat16", "float8_e4m3fn", ...
/// \throws bad_config naming those that there are
[[nodiscard]] kvfolio::dtype dtype_named(std::string_view name);

/// The usual name of `type`.
[[nodiscard]] std::string_view name_of(kvfolio::dtype type);

}  // namespace plan
