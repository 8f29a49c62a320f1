// SPDX-License-Identifier: Apache-2.0
#include <replay/mapped_runs.hpp>
#include <replay/mapped_system.hpp>
#include <replay/server.hpp>
#include <replay/timed_run.hpp>

namespace replay {

outcome serve_mapped(const trace& requests, const serving_options& options, const teller& tell) {
  return options.reuse ? timed_run(server<mapped<mapping_serving>>{requests, options}, tell)
                       : timed_run(server<mapped<mapping_without_reuse>>{requests, options}, tell);
}

}  // namespace replay
