// SPDX-License-Identifier: GPL-2.0-only
#include "core/output/run_record.h"

#include <nlohmann/json.hpp>

namespace retrap {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json kernel_json(const KernelFacts& kernel) {
  return {{"release", or_null(kernel.release)},
          {"version", or_null(kernel.version)},
          {"build_id", or_null(kernel.build_id)},
          {"config_sha256", or_null(kernel.config_sha256)}};
}

// As numpy.dtype() takes it, and what the numbers of `outcome` mean.
Json sample_json(const std::vector<SampleField>& fields) {
  if (fields.empty()) return nullptr;
  Json dtype = Json::array();
  for (const SampleField& field : fields)
    dtype.push_back({field.name, field.type});
  return {{"dtype", dtype}, {"outcomes", kOutcomeNames}};
}

}  // namespace

std::string to_json(const RunRecord& record) {
  const Json json = {
      {"schema", kRunSchema},
      {"argv", record.argv},
      {"scenario", record.scenario},
      {"placement", record.placement},
      {"placement_found", or_null(record.placement_found)},
      {"interface", record.interface},
      {"variant", or_null(record.variant)},
      {"kernel_offers", record.kernel_offers},
      {"substrate", record.substrate},
      {"unit", record.unit},
      {"policy", record.policy},
      {"tracer_cpu", record.tracer_cpu},
      {"tracee_cpu", or_null(record.tracee_cpu)},
      {"samples_requested", record.samples_requested},
      {"samples_taken", record.samples_taken},
      {"samples_failed", record.samples_failed},
      {"stop_reason", record.stop_reason},
      {"seed", record.seed},
      {"shift", record.shift},
      {"floors",
       {{"clock_min", record.clock_floor.min},
        {"clock_median", record.clock_floor.median}}},
      {"kernel", kernel_json(record.kernel)},
      {"binary",
       {{"build_id", or_null(record.binary.build_id)},
        {"build_type", record.binary.build_type},
        {"compiler", record.binary.compiler}}},
      {"code", record.code},
      {"memory_locked", record.memory_locked},
      {"dma_latency_held", or_null(record.dma_latency_held)},
      {"counted", record.counted},
      {"sample", sample_json(record.sample)},
      {"warnings", record.warnings},
  };
  return json.dump(2) + "\n";
}

}  // namespace retrap
