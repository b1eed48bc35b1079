// SPDX-License-Identifier: Apache-2.0
// What the denoiser predicts: every formula takes its output for the noise, so a file of another kind must not pass.
#include <ATen/ATen.h>

#include "prelude.h"
#include "tint/base/json.h"
#include "tint/models/model_set.h"
#include "tiny_modules.h"

namespace tint {
namespace {

Json Facts() {
  return {{"denoiser", {{"sample_size", 8}, {"latent_channels", 2}, {"context_length", 3}, {"context_width", 5}}}};
}

Json LockedSet(const TestFolder& folder, const Json& facts) {
  WriteAll(folder / "denoiser.pt", testing::TinyDenoiser().ToBytes());
  LockModels(folder.path(), facts);
  return Json::parse(ReadAll(folder / "models.json"));
}

TEST(PredictionType, OtherThanNoiseIsRefusedWhereTheSetIsRead) {
  const TestFolder folder;
  const Json root = LockedSet(folder, Facts());
  for (const char* other : {"v_prediction", "sample", "flow_prediction", "Epsilon"}) {
    Json changed = root;
    changed["roles"]["denoiser"]["prediction_type"] = other;
    const ModelSet set = ModelSet::Parse(folder.path(), changed.dump(1));
    const std::string found = std::string("\"") + other + "\"";
    const auto refused =
        FailsWith(ExitCode::kBadConfiguration, AllOf(HasSubstr("models.json:"), HasSubstr("denoiser.prediction_type"),
                                                     HasSubstr(found), HasSubstr("epsilon")));
    EXPECT_THAT(CatchError([&] { set.ReadDenoiserConfig(); }), refused) << other;
    EXPECT_THAT(CatchError([&] { set.LoadDenoiser(c10::kCPU, at::kFloat); }), refused) << other;
  }
}

TEST(PredictionType, NoiseStatedOrNotIsTheSame) {
  const TestFolder folder;
  Json root = LockedSet(folder, Facts());
  EXPECT_FALSE(root["roles"]["denoiser"].contains("prediction_type"));
  EXPECT_EQ(ModelSet::Parse(folder.path(), root.dump()).ReadDenoiserConfig().latent_channels, 2);
  root["roles"]["denoiser"]["prediction_type"] = "epsilon";
  const ModelSet stated = ModelSet::Parse(folder.path(), root.dump());
  EXPECT_EQ(stated.ReadDenoiserConfig().latent_channels, 2);
  EXPECT_EQ(stated.Require("denoiser").facts["prediction_type"], "epsilon");
}

TEST(PredictionType, ALockWithAnotherWritesNothing) {
  const TestFolder folder;
  Json facts = Facts();
  facts["denoiser"]["prediction_type"] = "v_prediction";
  EXPECT_THAT(CatchError([&] { LockedSet(folder, facts); }),
              FailsWith(ExitCode::kBadConfiguration, AllOf(HasSubstr("prediction_type"), HasSubstr("v_prediction"))));
  EXPECT_FALSE(std::filesystem::exists(folder / "models.json"));
}

}  // namespace
}  // namespace tint
