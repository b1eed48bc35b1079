// SPDX-License-Identifier: Apache-2.0
// models lock, models check, models calibrate.
#include <fmt/format.h>

#include "commands.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/models/model_set.h"
#include "tint/options/shared_options.h"
#include "tint/tensor/device.h"
#include "tint/training/calibrate.h"

namespace tint {
namespace {

const PositionalArgument kModelsArgument = {"DIR", "Folder of the model set.", false, false, TextKind::kFolder};

// The folder of the model set, which may be given as the argument or as --models.
std::string ModelsFolder(const CommandOptions& options, const std::string& models) {
  const std::string folder = options.positionals().empty() ? models : options.positionals()[0];
  RequireGiven(folder, "DIR", "the folder of a model set");
  return folder;
}

class ModelsLockCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    DeclareModels(list, &models_, kModelsOrArgumentHelp);
    list.Add("facts", &facts_,
             "JSON file with facts about roles, {\"teacher\": {\"input_size\": 224, ...}}; see "
             "configs/models.schema.md.")
        .Is(TextKind::kFile)
        .NotInKey();
    options.Positional(kModelsArgument);
  }

  void Run(const CommandOptions& options) override {
    const std::string folder = ModelsFolder(options, models_);
    SetUpTensorLibrary(0);
    Json facts = Json::object();
    if (!facts_.empty())
      facts = RequireObject(ParseJson(ReadFile(facts_, 10 << 20), facts_, ExitCode::kBadConfiguration), "",
                            ExitCode::kBadConfiguration);
    const std::vector<std::string> roles = LockModels(folder, facts, !shell.dry_run);
    const std::string verb = shell.dry_run ? "would write to models.json: " : "wrote to models.json: ";
    PrintResult(shell, {{"models", folder}, {"written", roles}},
                roles.empty() ? "models.json is up to date\n" : verb + Join(roles, ", ") + "\n");
  }

 private:
  std::string models_, facts_;
};

class ModelsCheckCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    DeclareModels(options.Group(""), &models_, kModelsOrArgumentHelp);
    options.Positional(kModelsArgument);
  }

  void Run(const CommandOptions& options) override {
    const std::string folder = ModelsFolder(options, models_);
    SetUpTensorLibrary(0);
    const ModelSet set = ModelSet::Open(folder);
    Json json = {{"models", folder}, {"roles", Json::array()}, {"probes", Json::array()}};
    std::string text, failed;
    for (const auto& [role, record] : set.records()) {
      json["roles"].push_back({{"role", role},
                               {"file", record.file},
                               {"sha256", record.sha256},
                               {"dtype", record.dtype},
                               {"licence", record.licence}});
      text += fmt::format("{:<17} ", role) + record.sha256.substr(0, 12) + "  " + record.dtype + "  " + record.licence +
              "\n";
    }
    for (const ProbeResult& result : RunProbes(set)) {
      json["probes"].push_back({{"role", result.role},
                                {"method", result.method},
                                {"error", result.error},
                                {"tolerance", result.tolerance},
                                {"passed", result.passed}});
      text += ProbeLine(result);
      if (!result.passed && failed.empty()) failed = result.role + "." + result.method;
    }
    PrintResult(shell, json, text);
    if (failed.empty()) return;
    Fail(ExitCode::kBadInput,
         {.file = folder,
          .field = failed,
          .found = "the outputs differ from those recorded in models.json",
          .expected = "the probe's outputs within its tolerance",
          .remedy = "Export the model again: it does not compute here what it computed when it was exported."});
  }

 private:
  static std::string ProbeLine(const ProbeResult& result) {
    return fmt::format("  probe {}.{}: maximum difference {:.3g}, tolerance {:.3g}: {}\n", result.role, result.method,
                       result.error, result.tolerance, result.passed ? "passed" : "FAILED");
  }

  std::string models_;
};

class ModelsCalibrateCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    options_.Declare(options);
    options.Positional(kModelsArgument);
  }

  void Run(const CommandOptions& options) override {
    options_.models = ModelsFolder(options, options_.models);
    options_.dry_run = shell.dry_run;
    const Json json = CalibrateTeacher(options_);
    const std::string text = fmt::format(
        "{} queries of {} episodes, {:.2f} % classified correctly (the scale does not change this)\n"
        "logit_scale {:.4g}: cross-entropy {:.4f}\n"
        "logit_scale {:.4g}: cross-entropy {:.4f}, {}\n",
        json["queries"].get<long long>(), json["episodes"].get<long long>(), 100 * json["accuracy"].get<double>(),
        json["logit_scale_before"].get<double>(), json["cross_entropy_before"].get<double>(),
        json["logit_scale"].get<double>(), json["cross_entropy"].get<double>(),
        shell.dry_run ? "would be written to models.json" : "written to models.json");
    PrintResult(shell, json, text);
  }

 private:
  CalibrateOptions options_;
};

}  // namespace

HandlerPtr MakeModelsLockCommand(const std::string& /*name*/) { return std::make_unique<ModelsLockCommand>(); }
HandlerPtr MakeModelsCheckCommand(const std::string& /*name*/) { return std::make_unique<ModelsCheckCommand>(); }
HandlerPtr MakeModelsCalibrateCommand(const std::string& /*name*/) {
  return std::make_unique<ModelsCalibrateCommand>();
}

}  // namespace tint
