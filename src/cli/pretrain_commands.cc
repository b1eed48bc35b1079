// SPDX-License-Identifier: Apache-2.0
// pretrain student, pretrain teacher.
#include <fmt/format.h>

#include "commands.h"
#include "tint/base/json.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/training/pretrain_student.h"
#include "tint/training/pretrain_teacher.h"

namespace tint {
namespace {

std::string Percent(const Json& share) { return fmt::format("{:.2f} %", 100 * share.get<double>()); }

std::string Count(const Json& json, const char* member) { return std::to_string(json[member].get<int64_t>()); }

std::string Files(const Json& json, const std::string& model) {
  return model + json["file"].get<std::string>() + "\nresult   " + json["folder"].get<std::string>() + "\n";
}

std::string Trained(const std::string& what, const Json& json) {
  return what + " after " + Count(json, "epochs") + " epochs (" + FormatSeconds(json["seconds"].get<double>()) +
         "): validation accuracy " + Percent(json["validation_accuracy"]);
}

std::string Planned(const Json& json, const std::string& work) {
  return "nothing was done (--dry-run): " + json["state"].get<std::string>() + ", " + work + "\n" +
         json["folder"].get<std::string>() + "\n";
}

class PretrainStudentCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override { options_.Declare(options); }

  void Run(const CommandOptions& /*options*/) override {
    InstallStopHandlers();
    options_.dry_run = shell.dry_run;
    const Json json = PretrainStudent(options_);
    const std::string text =
        shell.dry_run
            ? Planned(json, Count(json, "images") + " images of " + Count(json, "classes") + " classes, " +
                                Count(json, "steps_of_an_epoch") + " steps per epoch")
            : Trained(options_.student, json) + " on " + Count(json, "validation_episodes") +
                  " episodes, best after epoch " + Count(json, "best_epoch") + "\n" + Files(json, "student  ");
    PrintResult(shell, json, text);
  }

 private:
  PretrainStudentOptions options_;
};

class PretrainTeacherCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override { options_.Declare(options); }

  void Run(const CommandOptions& /*options*/) override {
    InstallStopHandlers();
    options_.dry_run = shell.dry_run;
    const Json json = PretrainTeacher(options_);
    const std::string text = shell.dry_run ? Planned(json, Count(json, "steps") + " episodes")
                                           : Trained("teacher", json) + ", untrained " +
                                                 Percent(json["untrained_accuracy"]) + ", best after epoch " +
                                                 Count(json, "best_epoch") + "\n" + Files(json, "teacher  ");
    PrintResult(shell, json, text);
  }

 private:
  PretrainTeacherOptions options_;
};

}  // namespace

HandlerPtr MakePretrainStudentCommand(const std::string& /*name*/) {
  return std::make_unique<PretrainStudentCommand>();
}
HandlerPtr MakePretrainTeacherCommand(const std::string& /*name*/) {
  return std::make_unique<PretrainTeacherCommand>();
}

}  // namespace tint
