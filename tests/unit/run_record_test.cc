// SPDX-License-Identifier: GPL-2.0-only
#include "core/output/run_record.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace retrap {
namespace {

using Json = nlohmann::json;

RunRecord full_record() {
  RunRecord record;
  record.argv = {"retrap-bench", "--scenario", "retrap/trigger:sigcont"};
  record.scenario = "retrap/trigger:sigcont";
  record.placement = "cross-cpu";
  record.placement_found = "cross-core";
  record.sample = sample_fields();
  record.interface = "listen";
  record.variant = "mainline";
  record.kernel_offers = {"listen", "please-notify"};
  record.substrate = "vm";
  record.unit = "ns";
  record.tracee_cpu = 1;
  record.samples_requested = 2000;
  record.samples_taken = 17;
  record.samples_failed = 1;
  record.stop_reason = "sample 16: wait4: No child processes";
  record.seed = 20110526;
  record.shift = 3;
  record.clock_floor = {.min = 14, .median = 16};
  record.kernel = {.release = "6.12.1",
                   .version = "#1 SMP",
                   .build_id = "0123",
                   .config_sha256 = "abcd"};
  record.binary = {
      .build_id = "b1", .build_type = "RelWithDebInfo", .compiler = "GNU 12"};
  record.memory_locked = true;
  record.dma_latency_held = true;
  record.warnings = {"one; remedy"};
  return record;
}

TEST(RunRecord, IsReadBackFieldByField) {
  const Json json = Json::parse(to_json(full_record()));
  EXPECT_EQ(json["schema"], "retrap.run/1");
  EXPECT_EQ(json["argv"].size(), 3U);
  EXPECT_EQ(json["kernel_offers"], Json({"listen", "please-notify"}));
  EXPECT_EQ(json["placement_found"], "cross-core");
  EXPECT_EQ(json["sample"]["dtype"][2], Json({"wait_status", "<i4"}));
  EXPECT_EQ(json["sample"]["outcomes"][0], "ok");
  EXPECT_EQ(json["sample"]["outcomes"].size(), 5U);
  EXPECT_EQ(json["tracer_cpu"], 0);
  EXPECT_EQ(json["tracee_cpu"], 1);
  EXPECT_EQ(json["samples_taken"], 17);
  EXPECT_EQ(json["samples_failed"], 1);
  EXPECT_EQ(json["floors"], Json({{"clock_min", 14}, {"clock_median", 16}}));
  EXPECT_EQ(json["kernel"]["config_sha256"], "abcd");
  EXPECT_EQ(json["binary"]["build_id"], "b1");
  EXPECT_EQ(json["binary"]["compiler"], "GNU 12");
  EXPECT_EQ(json["memory_locked"], true);
  EXPECT_EQ(json["counted"], false);
  EXPECT_EQ(json["warnings"], Json({"one; remedy"}));
}

// docs/data-format.md; python/retrap/results/store.py asks for them.
TEST(RunRecord, HasExactlyTheFieldsOfItsSchema) {
  const Json json = Json::parse(to_json(RunRecord{}));
  std::vector<std::string> names;
  for (const auto& [name, value] : json.items()) names.push_back(name);
  EXPECT_THAT(
      names, testing::UnorderedElementsAre(
                 "schema", "argv", "scenario", "placement", "placement_found",
                 "interface", "variant", "kernel_offers", "substrate", "unit",
                 "policy", "tracer_cpu", "tracee_cpu", "samples_requested",
                 "samples_taken", "samples_failed", "stop_reason", "seed",
                 "shift", "floors", "kernel", "binary", "code", "memory_locked",
                 "dma_latency_held", "counted", "sample", "warnings"));
}

TEST(RunRecord, MissingIsNullAndNotZero) {
  const Json json = Json::parse(to_json(RunRecord{}));
  EXPECT_TRUE(json["variant"].is_null());
  EXPECT_TRUE(json["tracee_cpu"].is_null());
  EXPECT_TRUE(json["placement_found"].is_null());
  EXPECT_TRUE(json["sample"].is_null());
  EXPECT_TRUE(json["dma_latency_held"].is_null());
  EXPECT_TRUE(json["kernel"]["build_id"].is_null());
  EXPECT_TRUE(json["kernel"]["config_sha256"].is_null());
  EXPECT_TRUE(json["warnings"].is_array());
}

}  // namespace
}  // namespace retrap
