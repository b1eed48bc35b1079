// doctor: machine, libraries, models, data: what works, what does not, and what to do.
#include <cstdio>
#include <cstdlib>
#include <opencv2/core/version.hpp>
#include <thread>

#include "tint/artifacts/stage_folder.h"
#include "tint/base/file.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/data/dataset.h"
#include "tint/models/model_set.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

struct Finding {
  std::string topic;
  bool works;
  std::string what;
};

// The one-line message of an Error, or "" when `action` succeeds.
template <class Action>
std::string Complaints(Action action) {
  try {
    action();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

Finding CheckModels(const std::string& folder) {
  if (folder.empty()) return {"models", false, "no --models and no TINT_MODELS; scripts/export_models.py writes a set"};
  size_t roles = 0;
  const std::string complaint = Complaints([&] {
    const ModelSet set = ModelSet::Open(folder);
    roles = set.records().size();
    for (const auto& [role, record] : set.records()) set.ReadChecked(role);
  });
  if (!complaint.empty()) return {"models", false, complaint};
  return {"models", true,
          std::to_string(roles) + " roles in " + Quote(folder) +
              ", all hashes right (tint models check runs their probes)"};
}

Finding CheckData() {
  const char* root = std::getenv("TINT_DATA");
  if (root == nullptr || *root == '\0')
    return {"data", false, "TINT_DATA is not set: export TINT_DATA=FOLDER of data sets (not needed for --support)"};
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    if (entry.is_directory()) names.push_back(Quote(entry.path().filename().string()));
  }
  if (error) return {"data", false, Quote(root) + ": " + error.message()};
  return {"data", !names.empty(),
          names.empty() ? Quote(root) + " holds no data set" : "data sets: " + Join(names, ", ")};
}

std::vector<Finding> Examine(const std::string& models) {
  std::vector<Finding> findings;
  findings.push_back({"tint", true, ToolVersion() + ", LibTorch " + TorchVersion() + ", OpenCV " + CV_VERSION});
  const int threads = SetUpTensorLibrary(0);
  findings.push_back({"processor", true,
                      std::to_string(std::thread::hardware_concurrency()) + " cores, " + std::to_string(threads) +
                          " threads of arithmetic"});
  char rate[80];
  std::snprintf(rate, sizeof rate, "%.3g GFLOP/s in a float32 matrix product",
                MeasureMatmulRate(c10::Device(c10::kCPU), c10::kFloat) / 1e9);
  findings.push_back({"speed", true, rate});
  const std::string no_cuda = Complaints([] { ChooseDevice("cuda"); });
  findings.push_back({"gpu", no_cuda.empty(), no_cuda.empty() ? DeviceClass(ChooseDevice("cuda")) : no_cuda});
  findings.push_back({"disk", true, FormatBytes(FreeBytes(std::filesystem::current_path())) + " free here"});
  findings.push_back(CheckModels(models));
  findings.push_back(CheckData());
  return findings;
}

}  // namespace

int RunDoctor(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  std::string models;
  grammar.Group("").Add("models", &models, "Model set to look at.").NotInKey();
  shell.Declare(grammar.Group(""));
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  Json json = {{"findings", Json::array()}};
  std::string text;
  for (const Finding& finding : Examine(models)) {
    json["findings"].push_back({{"topic", finding.topic}, {"works", finding.works}, {"what", finding.what}});
    text += std::string(finding.works ? "  ok   " : "  --   ") + finding.topic +
            std::string(11 - std::min<size_t>(10, finding.topic.size()), ' ') + finding.what + "\n";
  }
  PrintResult(shell, json, text);
  return 0;
}

}  // namespace tint
