// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Models, what of them fits, and how to cut them: what a planner needs, and a cache does not.

#include <kvfolio/model/activations.hpp>
#include <kvfolio/model/capacity.hpp>
#include <kvfolio/model/presets.hpp>
#include <kvfolio/partition/balanced_stages.hpp>
#include <kvfolio/partition/collective.hpp>
#include <kvfolio/partition/expert_cut.hpp>
#include <kvfolio/partition/head_cut.hpp>
#include <kvfolio/partition/lone_communicator.hpp>
#include <kvfolio/partition/optimal_stages.hpp>
#include <kvfolio/partition/planner.hpp>
#include <kvfolio/partition/rank.hpp>
#include <kvfolio/partition/rank_mapping.hpp>
#include <kvfolio/partition/schedule.hpp>
#include <kvfolio/partition/tensor_cut.hpp>
#include <kvfolio/partition/vocabulary_cut.hpp>
#include <kvfolio/partition/weighted_stages.hpp>
