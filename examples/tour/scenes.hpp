// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tour/stage.hpp>

namespace tour {

/// The whole tour, each scene from where the one before left the stage.
void play(stage& on);

}  // namespace tour
