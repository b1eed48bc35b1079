// doctor: machine, libraries, models, data, a run: what works, what does not, and the command that fixes it.
#include "doctor.h"

#include "tint/base/text.h"
#include "tint/cli/command.h"

namespace tint {
namespace {

using State = Finding::State;

std::string StateName(State state) {
  switch (state) {
    case State::kOk:
      return "ok";
    case State::kNote:
      return "note";
    case State::kBroken:
      return "broken";
  }
  return "";
}

std::string Line(const Finding& finding) {
  char head[40];
  std::snprintf(head, sizeof head, "  %-6s %-10s ", StateName(finding.state).c_str(), finding.topic.c_str());
  const std::string below(std::string(head).size(), ' ');
  std::string line = head + finding.what + "\n";
  if (!finding.fix.empty()) line += below + "$ " + finding.fix + "\n";
  return line;
}

Json ToJson(const Finding& finding) {
  return {{"topic", finding.topic}, {"state", StateName(finding.state)}, {"what", finding.what},
          {"fix", finding.fix},     {"blocks", finding.blocks},          {"exit_code", static_cast<int>(finding.code)}};
}

}  // namespace

int RunDoctor(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  std::string models, run;
  grammar.Group("").Add("models", &models, "Model set to look at.").Is(TextKind::kFolder).NotInKey();
  grammar.Group("").Add("run", &run, "Run folder to look at.").Is(TextKind::kFolder).NotInKey();
  shell.Declare(grammar.Group(""));
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  Findings findings = ExamineMachine(run);
  const auto append = [&](const Findings& more) { findings.insert(findings.end(), more.begin(), more.end()); };
  append(ExamineModels(models));
  append(ExamineData());
  if (!run.empty()) append(ExamineRun(run));

  Json json = {{"schema", 1}, {"findings", Json::array()}};
  std::string text;
  const Finding* first_broken = nullptr;
  size_t broken = 0, notes = 0;
  for (const Finding& finding : findings) {
    json["findings"].push_back(ToJson(finding));
    text += Line(finding);
    notes += finding.state == State::kNote ? 1 : 0;
    if (finding.state != State::kBroken) continue;
    ++broken;
    if (first_broken == nullptr) first_broken = &finding;
  }
  json["well"] = broken == 0;
  text += broken > 0 ? std::to_string(broken) + " to fix" : "nothing is broken";
  text += notes == 0 ? "\n" : ", " + std::to_string(notes) + " absent that not every run needs\n";
  PrintResult(shell, json, text);
  if (first_broken == nullptr) return 0;
  Fail(first_broken->code, first_broken->topic + ": " + first_broken->what +
                               (first_broken->fix.empty() ? "" : "\n  $ " + first_broken->fix));
}

}  // namespace tint
