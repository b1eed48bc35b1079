// pretrain student, pretrain teacher.
#include <cstdio>

#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/training/pretrain_student.h"
#include "tint/training/pretrain_teacher.h"

namespace tint {

int RunPretrainStudent(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  PretrainStudentOptions options;
  options.Declare(grammar);
  if (!BeginCommand(grammar, options.shell, arguments)) return 0;
  InstallStopHandlers();
  const Json json = PretrainStudent(options);
  std::string text;
  if (options.shell.dry_run) {
    text = "nothing was done (--dry-run): " + json["state"].get<std::string>() + ", " +
           std::to_string(json["images"].get<int64_t>()) + " images of " +
           std::to_string(json["classes"].get<int64_t>()) + " classes, " +
           std::to_string(json["steps_of_an_epoch"].get<int64_t>()) + " steps an epoch\n" +
           json["folder"].get<std::string>() + "\n";
  } else {
    char line[160];
    std::snprintf(line, sizeof line,
                  "%s after %lld epochs (%s): validation %.2f %% on %lld episodes, best after epoch %lld\n",
                  options.student.c_str(), static_cast<long long>(json["epochs"].get<int64_t>()),
                  FormatSeconds(json["seconds"].get<double>()).c_str(), 100 * json["validation_accuracy"].get<double>(),
                  static_cast<long long>(json["validation_episodes"].get<int64_t>()),
                  static_cast<long long>(json["best_epoch"].get<int64_t>()));
    text = line +
           ("student  " + json["file"].get<std::string>() + "\nresult   " + json["folder"].get<std::string>() + "\n");
  }
  PrintResult(options.shell, json, text);
  return 0;
}

int RunPretrainTeacher(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  PretrainTeacherOptions options;
  options.Declare(grammar);
  if (!BeginCommand(grammar, options.shell, arguments)) return 0;
  InstallStopHandlers();
  const Json json = PretrainTeacher(options);
  if (options.shell.dry_run) {
    PrintResult(options.shell, json,
                "nothing was done (--dry-run): " + json["state"].get<std::string>() + ", " +
                    std::to_string(json["steps"].get<int64_t>()) + " episodes\n" + json["folder"].get<std::string>() +
                    "\n");
    return 0;
  }
  char line[200];
  std::snprintf(line, sizeof line,
                "teacher after %lld epochs (%s): validation %.2f %%, untrained %.2f %%; best after epoch %lld\n",
                static_cast<long long>(json["epochs"].get<int64_t>()),
                FormatSeconds(json["seconds"].get<double>()).c_str(), 100 * json["validation_accuracy"].get<double>(),
                100 * json["untrained_accuracy"].get<double>(),
                static_cast<long long>(json["best_epoch"].get<int64_t>()));
  PrintResult(options.shell, json,
              line + ("teacher  " + json["file"].get<std::string>() + "\nresult   " +
                      json["folder"].get<std::string>() + "\n"));
  return 0;
}

}  // namespace tint
