// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Models, what of them fits, and how to cut them: what a planner needs, and a cache does not.

#include <kvfolio/model/activations.hpp>
#include <kvfolio/model/presets.hpp>
