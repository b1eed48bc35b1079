// SPDX-License-Identifier: Apache-2.0

#include "tint/artifacts/stage_key.h"

#include <set>

#include "fake_pipeline.h"
#include "prelude.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

using testing::FakeKey;

// The canonical text written out by hand; its hash by coreutils' sha256sum.
TEST(StageKey, HashesItsComponentsInCanonicalForm) {
  StageKey key;
  key.stage = "generate";
  key.version = 2;
  key.options = {{"steps", 50}, {"alpha", 0.5}};
  key.inputs = {{"null-text-inversion", "ab"}};
  key.seed = 18446744073709551615u;
  key.episode_idx = 3;
  key.device = "cpu";
  key.dtype = "float32";
  const std::string text =
      R"({"device":"cpu","dtype":"float32","episode":3,"inputs":{"null-text-inversion":"ab"},"models":{},)"
      R"("options":{"alpha":0.5,"steps":50},"seed":18446744073709551615,"stage":"generate","threads":1,"version":2})";
  EXPECT_EQ(CanonicalJson(key.Components()), text);
  EXPECT_EQ(key.Hash(), "fd6c69158e24c4bca3f3451d0389d3f290dac2f160135d0ddf43f02cb5c2d056");
  EXPECT_EQ(key.Folder(), key.Hash().substr(0, 12));
}

TEST(StageKey, DoesNotDependOnTheOrderOfOptions) {
  StageKey a = FakeKey("generate"), b = a;
  a.options = {{"alpha", 1.0}, {"steps", 50}};
  b.options = {{"steps", 50}, {"alpha", 1.0}};
  EXPECT_EQ(a.Hash(), b.Hash());
}

TEST(StageKey, ChangesWithEveryComponent) {
  const StageKey base = FakeKey("generate");
  std::vector<StageKey> keys(11, base);
  keys[1].stage = "distill";
  keys[2].version = 2;
  keys[3].options["alpha"] = 0.5;
  keys[4].inputs["x"] = "1";
  keys[5].models["unet"] = std::string(64, 'b');
  keys[6].seed = 8;
  keys[7].episode_idx = 1;
  keys[8].device = "cuda-90";
  keys[9].dtype = "float16";
  keys[10].threads = 2;
  std::set<std::string> hashes;
  for (const StageKey& key : keys) hashes.insert(key.Hash());
  EXPECT_EQ(hashes.size(), keys.size());
}

TEST(DifferencesOfKeys, NamesEachComponentThatDiffers) {
  StageKey before = FakeKey("generate"), after = before;
  EXPECT_THAT(DifferencesOfKeys(before.Components(), after.Components()), IsEmpty());
  after.options["alpha"] = 0.5;
  after.options["guidance"] = 7.5;
  after.options.erase("steps");
  after.models["unet"] = std::string(64, 'b');
  after.seed = 8;
  EXPECT_THAT(
      DifferencesOfKeys(before.Components(), after.Components()),
      ElementsAre("options.alpha: 1.0 -> 0.5", "options.steps: 50 -> (absent)", "options.guidance: (absent) -> 7.5",
                  "models.unet: aaaaaaaaaaaa -> bbbbbbbbbbbb", "seed: 7 -> 8"));
}

}  // namespace
}  // namespace tint
