// models lock, models check, models calibrate.
#include <cstdio>

#include "tint/base/file.h"
#include "tint/base/log.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/models/model_set.h"
#include "tint/tensor/device.h"
#include "tint/training/calibrate.h"

namespace tint {
namespace {

struct ModelsOptions {
  std::string models, facts;
  ShellOptions shell;
};

// Both commands take the folder as their argument or as --models.
bool Begin(const Command& command, const std::vector<std::string>& arguments, CommandOptions* grammar,
           ModelsOptions* options) {
  grammar->Group("")
      .Add("models", &options->models, "Folder of the model set; may also be given as the argument.")
      .Is(TextKind::kFolder)
      .NotInKey();
  if (command.name == "models lock")
    grammar->Group("")
        .Add("facts", &options->facts,
             "JSON file with facts of roles, {\"teacher\": {\"input_size\": 224, ...}}; see configs/models.schema.md.")
        .Is(TextKind::kFile)
        .NotInKey();
  options->shell.Declare(grammar->Group(""));
  grammar->Positional({"DIR", "Folder of the model set.", false, false, TextKind::kFolder});
  if (!BeginCommand(*grammar, options->shell, arguments)) return false;
  if (!grammar->positionals().empty()) options->models = grammar->positionals()[0];
  if (options->models.empty())
    Fail(ExitCode::kUsage, {.field = "DIR", .found = "not given", .expected = "the folder of a model set"});
  SetUpTensorLibrary(0);
  return true;
}

}  // namespace

int RunModelsLock(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ModelsOptions options;
  if (!Begin(command, arguments, &grammar, &options)) return 0;
  Json facts = Json::object();
  if (!options.facts.empty())
    facts = RequireObject(ParseJson(ReadFile(options.facts, 10 << 20), options.facts, ExitCode::kBadConfiguration), "",
                          ExitCode::kBadConfiguration);
  const std::vector<std::string> roles = LockModels(options.models, facts, !options.shell.dry_run);
  PrintResult(options.shell, {{"models", options.models}, {"written", roles}},
              roles.empty() ? "models.json is up to date\n"
                            : (options.shell.dry_run ? "would write into models.json: " : "wrote into models.json: ") +
                                  Join(roles, ", ") + "\n");
  return 0;
}

int RunModelsCheck(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ModelsOptions options;
  if (!Begin(command, arguments, &grammar, &options)) return 0;
  const ModelSet set = ModelSet::Open(options.models);
  const std::vector<ProbeResult> results = RunProbes(set);
  Json json = {{"models", options.models}, {"roles", Json::array()}, {"probes", Json::array()}};
  std::string text;
  for (const auto& [role, record] : set.records()) {
    json["roles"].push_back({{"role", role},
                             {"file", record.file},
                             {"sha256", record.sha256},
                             {"dtype", record.dtype},
                             {"licence", record.licence}});
    text += role + std::string(18 - std::min<size_t>(17, role.size()), ' ') + record.sha256.substr(0, 12) + "  " +
            record.dtype + "  " + record.licence + "\n";
  }
  std::string failed;
  for (const ProbeResult& result : results) {
    json["probes"].push_back({{"role", result.role},
                              {"method", result.method},
                              {"error", result.error},
                              {"tolerance", result.tolerance},
                              {"passed", result.passed}});
    char line[160];
    std::snprintf(line, sizeof line, "  probe %s.%s: largest difference %.3g, tolerance %.3g: %s\n",
                  result.role.c_str(), result.method.c_str(), result.error, result.tolerance,
                  result.passed ? "passed" : "FAILED");
    text += line;
    if (!result.passed && failed.empty()) failed = result.role + "." + result.method;
  }
  PrintResult(options.shell, json, text);
  if (failed.empty()) return 0;
  Fail(ExitCode::kBadInput, {.file = options.models,
                             .field = failed,
                             .found = "other values than models.json states",
                             .expected = "the probe's values",
                             .remedy = "Export the model again; it does not compute here what it computed there."});
}

int RunModelsCalibrate(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  CalibrateOptions options;
  options.Declare(grammar);
  grammar.Positional({"DIR", "Folder of the model set.", false, false, TextKind::kFolder});
  if (!BeginCommand(grammar, options.shell, arguments)) return 0;
  if (!grammar.positionals().empty()) options.models = grammar.positionals()[0];
  const Json json = CalibrateTeacher(options);
  char text[320];
  std::snprintf(text, sizeof text,
                "%lld queries of %lld episodes, %.2f %% named rightly at any scale\n"
                "logit_scale %.4g: cross-entropy %.4f\n"
                "logit_scale %.4g: cross-entropy %.4f, %s\n",
                json["queries"].get<long long>(), json["episodes"].get<long long>(),
                100 * json["accuracy"].get<double>(), json["logit_scale_before"].get<double>(),
                json["cross_entropy_before"].get<double>(), json["logit_scale"].get<double>(),
                json["cross_entropy"].get<double>(),
                options.shell.dry_run ? "would be written into models.json" : "written into models.json");
  PrintResult(options.shell, json, text);
  return 0;
}

}  // namespace tint
