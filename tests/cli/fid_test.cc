// SPDX-License-Identifier: Apache-2.0
// fid on images whose features can be told, and on a run's images.
#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <cmath>

#include "prelude.h"
#include "program.h"
#include "tint/artifacts/image_shards.h"
#include "tint/base/json.h"
#include "tint/image/encode.h"
#include "tint/image/pixels.h"
#include "tint/models/model_set.h"
#include "tint/models/script_module.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

// Features that can be told without a network: the means of the three channels.
void AddChannelMeans(const fs::path& models, const std::vector<float>& factors = {1, 1, 1}) {
  torch::jit::Module module("ChannelMeans");
  module.register_buffer("factors", at::tensor(factors));
  module.define("def forward(self, image: Tensor) -> Tensor:\n  return torch.mean(image, [2, 3]) * self.factors\n");
  fs::create_directories(models);
  WriteAll(models / "inception.pt", ScriptModule(module).ToBytes());
  LockModels(models, {{"inception", {{"feature_width", 3}}}});
}

// Eight images of one colour each, mean +- spread in every channel: uncorrelated channels, variance 8/7 spread^2.
void WriteColours(const fs::path& folder, const std::vector<int>& mean, const std::vector<int>& spread) {
  fs::create_directories(folder);
  for (int k = 0; k < 8; ++k) {
    at::Tensor image = at::empty({3, 16, 16}, at::kByte);
    for (int c = 0; c < 3; ++c) image[c].fill_(mean[c] + (k >> c & 1 ? spread[c] : -spread[c]));
    WriteAll(folder / (std::to_string(k) + ".png"), EncodePng(image));
  }
}

double ClosedForm(const std::vector<int>& mean_a, const std::vector<int>& spread_a, const std::vector<int>& mean_b,
                  const std::vector<int>& spread_b) {
  double sum = 0;
  for (size_t c = 0; c < 3; ++c)
    sum += std::pow((mean_a[c] - mean_b[c]) / 255.0, 2) + 8.0 / 7 * std::pow((spread_a[c] - spread_b[c]) / 255.0, 2);
  return sum;
}

class Fid : public testing::FolderTest {
 protected:
  void SetUp() override {
    AddChannelMeans(folder_ / "models");
    WriteColours(folder_ / "real/cat", {100, 120, 90}, {20, 30, 10});
    WriteColours(folder_ / "real/dog", {60, 70, 200}, {10, 5, 25});
    WriteColours(folder_ / "real/emu", {10, 20, 30}, {3, 3, 3});
    WriteColours(folder_ / "made/cat", {110, 100, 90}, {10, 30, 20});
    WriteColours(folder_ / "made/dog", {60, 90, 180}, {40, 5, 5});
  }
  Outcome Measure(const std::string& real, const std::string& made, Arguments more = {}) const {
    Arguments arguments = {"fid", folder_ / real, folder_ / made, "--models", folder_ / "models", "--progress", "none"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments, {{"TINT_DATA", folder_ / "data"}});
  }
  const double cat_ = ClosedForm({100, 120, 90}, {20, 30, 10}, {110, 100, 90}, {10, 30, 20});
  const double dog_ = ClosedForm({60, 70, 200}, {10, 5, 25}, {60, 90, 180}, {40, 5, 5});
};

TEST_F(Fid, OfKnownColoursHasItsClosedForm) {
  const Json json = Measure("real/cat", "made/cat", {"--json"}).json();
  EXPECT_NEAR(json["fid"], cat_, 1e-7);  // float32 features
  EXPECT_EQ(json["preprocessing"], "pytorch-fid");
  EXPECT_EQ(json["dimensions"], 3);
  EXPECT_EQ(json["size"], 84);
  EXPECT_EQ(json["real_images"], 8);
  EXPECT_EQ(json["warnings"], Json::array());
  EXPECT_NEAR(Measure("real", "real", {"--json"}).json()["fid"], 0, 1e-12);
  EXPECT_NEAR(Measure("real", "real", {"--limit", "5", "--seed", "4", "--json"}).json()["fid"], 0, 1e-12);
}

TEST_F(Fid, PerClassIsTheMeanOverClasses) {
  const Outcome outcome = Measure("real", "made", {"--per-class", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  ASSERT_EQ(json["per_class"].size(), 2u);  // emu was not made
  EXPECT_NEAR(json["per_class"][0]["fid"], cat_, 1e-7);
  EXPECT_NEAR(json["per_class"][1]["fid"], dog_, 1e-7);
  EXPECT_NEAR(json["fid"], (cat_ + dog_) / 2, 1e-7);
  EXPECT_EQ(json["real_images"], 16);
  const double pooled = Measure("real", "made", {"--json"}).json()["fid"];
  EXPECT_GT(std::abs(pooled - (cat_ + dog_) / 2), 1e-4);
  EXPECT_THAT(Measure("real", "made", {"--per-class"}).out, HasSubstr("mean over classes"));
}

TEST_F(Fid, TakesASplitOfADataSet) {
  fs::create_directories(folder_ / "data/colours");
  fs::copy(folder_ / "real", folder_ / "data/colours/test", fs::copy_options::recursive);
  const Outcome outcome = RunProgram({"fid", "colours:test", folder_ / "made", "--models", folder_ / "models",
                                      "--per-class", "--json", "--progress", "none"},
                                     {{"TINT_DATA", folder_ / "data"}});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NEAR(outcome.json()["fid"], (cat_ + dog_) / 2, 1e-7);
}

TEST_F(Fid, OfKeptStatisticsIsThatOfTheirImages) {
  const std::string kept = folder_ / "kept.npz";
  const Json whole = Measure("real", "made", {"--save-statistics", kept, "--json"}).json();
  // The classes that were made: emu is not among them.
  const Json again = Measure("kept.npz", "made", {"--json"}).json();
  EXPECT_EQ(again["fid"], whole["fid"]);
  EXPECT_EQ(again["real_images"], 16);
  EXPECT_EQ(again["warnings"], Json::array());
  EXPECT_NEAR(Measure("kept.npz", "kept.npz", {"--json"}).json()["fid"], 0, 1e-12);
  const std::string bytes = ReadAll(kept);
  EXPECT_EQ(Measure("kept.npz", "made", {"--save-statistics", kept}).code, 0);
  EXPECT_EQ(ReadAll(kept), bytes);

  EXPECT_EQ(Measure("real", "made", {"--save-statistics", kept, "--per-class"}).code, 64);
  EXPECT_EQ(Measure("kept.npz", "made", {"--per-class"}).code, 64);
  const Outcome size = Measure("kept.npz", "made", {"--size", "16"});
  EXPECT_EQ(size.code, 65);
  EXPECT_THAT(size.err, HasSubstr("kept.npz: size: images of 84 pixels"));
  AddChannelMeans(folder_ / "models", {1, 2, 1});
  EXPECT_THAT(Measure("kept.npz", "made").err, HasSubstr("kept.npz: inception_sha256"));
  for (const size_t length : {size_t{0}, size_t{100}, bytes.size() - 1}) {
    WriteAll(folder_ / "cut.npz", bytes.substr(0, length));
    EXPECT_EQ(Measure("cut.npz", "made").code, 65) << length;
  }
}

// The fixture is NumPy 2.4.6's savez_compressed(file, mu=[.4, .5, .3], sigma=diag([.01, .02, .005])).
TEST_F(Fid, ReadsStatisticsThatNumPyWrote) {
  fs::copy(fs::path(TINT_CLI_FIXTURES) / "numpy_statistics.npz", folder_ / "numpy.npz");
  const Outcome outcome = Measure("numpy.npz", "made/cat", {"--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const double mean[] = {.4, .5, .3}, variance[] = {.01, .02, .005};
  const int made_mean[] = {110, 100, 90}, made_spread[] = {10, 30, 20};
  double expected = 0;
  for (int c = 0; c < 3; ++c)
    expected += std::pow(mean[c] - made_mean[c] / 255.0, 2) +
                std::pow(std::sqrt(variance[c]) - std::sqrt(8.0 / 7) * made_spread[c] / 255.0, 2);
  EXPECT_NEAR(outcome.json()["fid"], expected, 1e-7);
  EXPECT_THAT(outcome.err, HasSubstr("does not record its Inception"));
}

TEST_F(Fid, SaysWhatIsWrong) {
  const Outcome few = Measure("real/cat", "made/cat", {"--limit", "3"});
  EXPECT_EQ(few.code, 0);
  EXPECT_THAT(few.err, HasSubstr("3 images for 3 features"));
  const Outcome unknown = Measure("made", "real");
  EXPECT_EQ(unknown.code, 65);
  EXPECT_THAT(unknown.err, HasSubstr("emu"));
  EXPECT_EQ(Measure("real/cat", "made", {"--per-class"}).code, 64);
  EXPECT_EQ(Measure("real/cat", "made").code, 0);
  EXPECT_EQ(Measure("real", "absent").code, 66);
  EXPECT_EQ(RunProgram({"fid", folder_ / "real", folder_ / "made"}).code, 64);
  fs::create_directories(folder_ / "one");
  fs::copy(folder_ / "real/cat/0.png", folder_ / "one/0.png");
  EXPECT_EQ(Measure("one", "real/cat").code, 65);
  fs::remove(folder_ / "models/models.json");
  EXPECT_EQ(Measure("real", "made").code, 66);
}

// A row's images and scores: fid of a run is that of its images unpacked, and collect tells the deviations.
TEST(RunFolder, IsJudgedByFidAndToldApartFromThePaper) {
  TestFolder folder;
  Arguments row = SmallWorld(folder / "world");
  row.insert(row.begin(), {"specialize", "--run", folder / "run", "--progress", "none"});
  const Outcome made = RunProgram(row);
  ASSERT_EQ(made.code, 0) << made.err;
  AddChannelMeans(folder / "models");

  const fs::path generate = fs::directory_iterator(folder / "run/episodes/support/generate")->path();
  const Json index = Json::parse(ReadAll(generate / "index.json"));
  for (const Json& one : index["classes"]) {
    fs::create_directories(folder / "unpacked" / one["class"].get<std::string>());
    const std::string shard = one["shards"][0];
    for (const ShardEntry& entry : ReadShard(ReadAll(generate / shard), shard))
      WriteAll(folder / "unpacked" / one["class"].get<std::string>() / entry.name, entry.bytes);
  }
  const auto fid = [&](const fs::path& images) {
    const Outcome outcome = RunProgram({"fid", folder / "world/query", images, "--models", folder / "models", "--size",
                                        "16", "--per-class", "--json", "--progress", "none"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json();
  };
  const Json of_run = fid(folder / "run"), of_folder = fid(folder / "unpacked");
  EXPECT_EQ(of_run["per_class"].size(), 5u);
  EXPECT_EQ(of_run["per_class"][0]["group"], "support");
  EXPECT_EQ(of_run["generated_images"], 40);
  EXPECT_GT(of_run["fid"], 0);
  EXPECT_DOUBLE_EQ(of_run["fid"], of_folder["fid"]);
  EXPECT_DOUBLE_EQ(fid(generate)["fid"], of_folder["fid"]);

  const Json report = RunProgram({"collect", folder / "run", "--json"}).json();
  EXPECT_EQ(report["shots"], 2);
  EXPECT_EQ(report["ways"], 5);
  EXPECT_EQ(report["classes"], 5);
  EXPECT_EQ(report["interval"], nullptr);  // one episode
  EXPECT_THAT(report["deviations"].dump(), AllOf(HasSubstr("generate.images 8 (paper: 4000)"),
                                                 HasSubstr("random weights"), HasSubstr("distill.steps 20"),
                                                 HasSubstr("image-size 16"), HasSubstr("a custom image folder (paper"),
                                                 Not(HasSubstr("batch")), Not(HasSubstr("generate.alpha"))));
  const Outcome same = RunProgram({"compare", folder / "run", folder / "run"});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("equal configurations"));
}

}  // namespace
}  // namespace tint::testing
