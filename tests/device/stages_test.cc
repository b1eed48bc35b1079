// SPDX-License-Identifier: Apache-2.0
// All six stages on a device: what they write equals what the CPU writes.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "device_test.h"
#include "files.h"
#include "program.h"
#include "shapes_world.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/progress.h"
#include "tint/stages/pipeline.h"
#include "tint/tensor/device.h"
#include "tint/tensor/memory.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

class StagesOnADevice : public DeviceTest {
 protected:
  static void SetUpTestSuite() {
    DeviceTest::SetUpTestSuite();
    SetProgressStyle(ProgressStyle::kNone);
    world_ = fs::temp_directory_path() / ("tint-device-" + std::to_string(getpid()));
    fs::remove_all(world_);
    arguments_ = SmallWorld(world_);
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static PipelineResult Run(const std::string& run) {
    CommandOptions grammar("specialize", "");
    RunOptions options;
    options.Declare(grammar);
    std::vector<std::string> arguments = arguments_;
    // Photos that are done leave the CPU's batch and stay in the device's, which changes the last bits of the others.
    for (const char* more :
         {"--tolerance", "0", "--generate.batch-size", "4", "--threads", "1", "--preview-every", "5", "--run"})
      arguments.push_back(more);
    arguments.push_back((world_ / run).string());
    grammar.Parse(arguments);
    return RunPipeline(StageInputs(options), "specialize", Json::object());
  }

  static fs::path world_;
  static std::vector<std::string> arguments_;
};
fs::path StagesOnADevice::world_;
std::vector<std::string> StagesOnADevice::arguments_;

// What a stage computed: its files but for the record of when and where.
std::map<std::string, std::string> FilesOf(const CompletedStage& stage) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(stage.folder())) {
    const std::string name = fs::relative(entry.path(), stage.folder()).string();
    if (entry.is_regular_file() && name != "done.json") files[name] = ReadFile(entry.path(), 1 << 28);
  }
  return files;
}

// Training on the CPU takes own kernels, whose sums round differently. The first step's losses differ by that alone;
// each step of SGD then widens the difference, up to what one student's losses differ from another's that went a last
// bit's other way (here some 3e-3). Batches in another order would be off by 0.1 and more at once.
void ExpectNearLosses(const std::string& found, const std::string& expected) {
  const Json ours = Json::parse(found), theirs = Json::parse(expected);
  ASSERT_EQ(ours.size(), theirs.size());
  for (const auto& [source, values] : theirs.items()) {
    ASSERT_EQ(ours.at(source).size(), values.size()) << source;
    double near = 1e-5;
    for (size_t step = 0; step < values.size(); ++step) {
      EXPECT_NEAR(ours.at(source)[step].get<double>(), values[step].get<double>(), near) << source << " " << step;
      near = std::min(3 * near, 2e-2);
    }
  }
}

// What follows from the student's bits.
bool FollowsTraining(const std::string& stage, const std::string& name) {
  return stage == "evaluate" || (stage == "distill" && name.starts_with("student."));
}

TEST_F(StagesOnADevice, WriteWhatTheCpuWrites) {
  const PipelineResult on_cpu = Run("cpu");
  const ScopedDevice scope(fake::device(), "fake");
  ASSERT_EQ(ChooseDevice("auto"), fake::device());
  ResetPeaks(fake::device());
  const PipelineResult on_device = Run("device");
  EXPECT_GT(PeakDeviceBytes(fake::device()), 100'000U);  // the models alone
  for (const std::string& stage : StageNames()) {
    const auto expected = FilesOf(on_cpu.results.at(stage)), found = FilesOf(on_device.results.at(stage));
    EXPECT_FALSE(expected.empty()) << stage;
    EXPECT_EQ(expected.size(), found.size()) << stage;
    for (const auto& [name, bytes] : expected) {
      ASSERT_TRUE(found.contains(name)) << stage << "/" << name;
      if (FollowsTraining(stage, name)) continue;
      if (name == "loss.json" && stage == "distill") {
        ExpectNearLosses(found.at(name), bytes);
        continue;
      }
      EXPECT_EQ(found.at(name), bytes) << stage << "/" << name;
    }
    EXPECT_NE(on_cpu.results.at(stage).key(), on_device.results.at(stage).key()) << stage;
  }
  EXPECT_NEAR(on_device.results.at("evaluate").metrics().at("accuracy").get<double>(),
              on_cpu.results.at("evaluate").metrics().at("accuracy").get<double>(), 0.05);
}

}  // namespace
}  // namespace tint::testing
