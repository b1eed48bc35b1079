// SPDX-License-Identifier: Apache-2.0
// doctor.
#include "doctor.h"

#include <fmt/format.h>

#include "commands.h"
#include "tint/base/json.h"
#include "tint/options/shared_options.h"

namespace tint {
namespace {

using State = Finding::State;

std::string StateName(State state) {
  switch (state) {
    case State::kOk:
      return "ok";
    case State::kWarning:
      return "warning";
    case State::kError:
      return "error";
  }
  return "";
}

std::string Line(const Finding& finding) {
  const std::string head = fmt::format("  {:<8} {:<10} ", StateName(finding.state), finding.topic);
  const std::string below(head.size(), ' ');
  std::string line = head + finding.what + "\n";
  if (!finding.fix.empty()) line += below + "$ " + finding.fix + "\n";
  return line;
}

Json FindingToJson(const Finding& finding) {
  return {{"topic", finding.topic}, {"state", StateName(finding.state)}, {"what", finding.what},
          {"fix", finding.fix},     {"blocks", finding.blocks},          {"exit_code", static_cast<int>(finding.code)}};
}

// "no problems, 2 warnings".
std::string Count(size_t count, const std::string& noun) {
  return (count == 0 ? "no" : std::to_string(count)) + " " + noun + (count == 1 ? "" : "s");
}

class DoctorCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    DeclareModels(list, &models_, "Model set to check.");
    list.Add("run", &run_, "Run folder to check.").Is(TextKind::kFolder).NotInKey();
  }

  void Run(const CommandOptions& /*options*/) override {
    const Findings findings = Examine();
    Json json = {{"schema", 2}, {"findings", Json::array()}};
    std::string text;
    const Finding* first_error = nullptr;
    size_t errors = 0, warnings = 0;
    for (const Finding& finding : findings) {
      json["findings"].push_back(FindingToJson(finding));
      text += Line(finding);
      warnings += finding.state == State::kWarning ? 1 : 0;
      if (finding.state != State::kError) continue;
      ++errors;
      if (first_error == nullptr) first_error = &finding;
    }
    json["ok"] = errors == 0;
    text += Count(errors, "error") + ", " + Count(warnings, "warning") +
            (warnings == 0 ? "\n" : " (something is missing that only some commands need)\n");
    PrintResult(shell, json, text);
    if (first_error == nullptr) return;
    Fail(first_error->code,
         first_error->topic + ": " + first_error->what + (first_error->fix.empty() ? "" : "\n  $ " + first_error->fix));
  }

 private:
  Findings Examine() const {
    Findings findings = ExamineMachine(run_);
    const auto append = [&](const Findings& more) { findings.insert(findings.end(), more.begin(), more.end()); };
    append(ExamineModels(models_));
    append(ExamineData());
    if (!run_.empty()) append(ExamineRun(run_));
    return findings;
  }

  std::string models_, run_;
};

}  // namespace

HandlerPtr MakeDoctorCommand(const std::string& /*name*/) { return std::make_unique<DoctorCommand>(); }

}  // namespace tint
