// All six stages on a device: what they write equals what the CPU writes.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "device_test.h"
#include "files.h"
#include "program.h"
#include "shapes_world.h"
#include "tint/base/file.h"
#include "tint/base/progress.h"
#include "tint/stages/pipeline.h"
#include "tint/tensor/device.h"

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
         {"--tolerance", "0", "--generate.piece", "4", "--threads", "1", "--preview-every", "5", "--run"})
      arguments.push_back(more);
    arguments.push_back((world_ / run).string());
    grammar.Parse(arguments);
    return RunPipeline(StageContext(options), "specialize", Json::object());
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

// A result names the device, and the stages before it by what they were given; its figures are those of the CPU.
std::string FiguresOf(const std::string& name, const std::string& bytes) {
  if (name != "result.json") return bytes;
  const Json result = Json::parse(bytes);
  return Json{result.at("accuracy"), result.at("queries"), result.at("classes")}.dump(1);
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
      EXPECT_EQ(FiguresOf(name, found.at(name)), FiguresOf(name, bytes)) << stage << "/" << name;
    }
    EXPECT_NE(on_cpu.results.at(stage).key(), on_device.results.at(stage).key()) << stage;
  }
}

}  // namespace
}  // namespace tint::testing
