// predict, inspect, verify.
#include <algorithm>
#include <cstdio>
#include <tuple>

#include "tint/analysis/results.h"
#include "tint/artifacts/run_folder.h"
#include "tint/base/log.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/stages/predict.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

// By episode and stage, and there as they were made: `--why` tells what changed from one to the next.
std::vector<RunFolder::Entry> OldestFirst(std::vector<RunFolder::Entry> entries) {
  const auto made = [](const RunFolder::Entry& entry) {
    std::error_code ignored;
    return std::filesystem::last_write_time(entry.folder / (entry.complete ? "done.json" : ""), ignored);
  };
  std::stable_sort(entries.begin(), entries.end(), [&](const RunFolder::Entry& a, const RunFolder::Entry& b) {
    return std::make_tuple(a.episode_idx, a.stage, made(a)) < std::make_tuple(b.episode_idx, b.stage, made(b));
  });
  return entries;
}

// The folder of a run, even if its run.json is gone: that is for verify to tell.
RunFolder OpenToVerify(const std::filesystem::path& folder) {
  std::error_code ignored;
  const bool missing_manifest = std::filesystem::is_directory(folder / "episodes", ignored) &&
                                !std::filesystem::exists(std::filesystem::symlink_status(folder / "run.json", ignored));
  if (missing_manifest) return RunFolder::ForPlanning(folder);
  return RunFolder::Open(folder);
}

// A done.json that cannot be believed is a finding here, not an end.
std::optional<CompletedStage> OpenOrTell(const std::filesystem::path& folder, std::string* problem) {
  try {
    return CompletedStage::Open(folder);
  } catch (const Error& error) {
    *problem = error.what();
    return std::nullopt;
  }
}

}  // namespace

int RunPredict(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  std::string student, device = "auto";
  grammar.Group("")
      .Add("student", &student,
           "The student.pt of a distill result (specialize --json prints it as student_file), or its folder.")
      .Is(TextKind::kFileOrFolder)
      .NotInKey();
  grammar.Group("")
      .Add("device", &device, "Device to run on: auto, cpu, cuda or cuda:N.")
      .Offers({"auto", "cpu", "cuda"})
      .NotInKey();
  shell.Declare(grammar.Group(""));
  grammar.Positional(
      {"PHOTO", "Photos to classify, JPEG or PNG, or folders of photos.", true, true, TextKind::kFileOrFolder});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  if (student.empty())
    Fail(ExitCode::kUsage,
         {.field = "--student", .found = "not given", .expected = "the student.pt of a distill result"});
  SetUpTensorLibrary(0);
  const Predictions predictions = PredictPhotos(student, grammar.positionals(), device);
  PrintResult(shell, predictions.ToJson(), predictions.ToTable());
  return 0;
}

int RunInspect(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  bool why = false;
  grammar.Group("")
      .Add("why", &why, "Where a stage has several results, say in what each key differs from the one made before.")
      .NotInKey();
  shell.Declare(grammar.Group(""));
  grammar.Positional({"RUN", "Run folder.", true, false, TextKind::kFolder});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  const RunFolder run = RunFolder::Open(grammar.positionals().at(0));
  Json json = {{"run", run.path().string()}, {"manifest", run.Manifest()}, {"stages", Json::array()}};
  std::string text = "episode  stage                 key           state       seconds  files\n";
  std::map<std::pair<uint64_t, std::string>, Json> earlier;
  for (const RunFolder::Entry& entry : OldestFirst(run.Entries())) {
    const std::string key = entry.folder.filename().string();
    Json one = {{"episode", EpisodeName(entry.episode_idx)},
                {"stage", entry.stage},
                {"key", key},
                {"complete", entry.complete}};
    char line[200];
    if (!entry.complete) {
      std::snprintf(line, sizeof line, "%7s  %-20s  %s  unfinished\n", EpisodeName(entry.episode_idx).c_str(),
                    entry.stage.c_str(), key.c_str());
      text += line;
      json["stages"].push_back(one);
      continue;
    }
    std::string damage;
    const auto stage = OpenOrTell(entry.folder, &damage);
    if (!stage) {
      std::snprintf(line, sizeof line, "%7s  %-20s  %s  DAMAGED\n", EpisodeName(entry.episode_idx).c_str(),
                    entry.stage.c_str(), key.c_str());
      text += line + ("         " + damage + "\n");
      one["problems"] = {damage};
      json["stages"].push_back(one);
      continue;
    }
    const std::vector<std::string> problems = stage->Problems();
    one["problems"] = problems;
    one["components"] = stage->components();
    one["metrics"] = stage->metrics();
    one["seconds"] = stage->cost().seconds;
    std::snprintf(line, sizeof line, "%7s  %-20s  %s  %-10s  %7.1f  %5zu\n", EpisodeName(entry.episode_idx).c_str(),
                  entry.stage.c_str(), key.c_str(), problems.empty() ? "whole" : "DAMAGED", stage->cost().seconds,
                  stage->Files().size());
    text += line;
    for (const std::string& problem : problems) text += "         " + problem + "\n";
    const auto id = std::make_pair(entry.episode_idx, entry.stage);
    if (why && earlier.count(id) > 0) {
      one["why"] = DifferencesOfKeys(earlier[id], stage->components());
      for (const std::string& difference : DifferencesOfKeys(earlier[id], stage->components()))
        text += "         differs from the one above: " + difference + "\n";
    }
    earlier[id] = stage->components();
    json["stages"].push_back(one);
  }
  PrintResult(shell, json, text);
  return 0;
}

int RunVerify(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  shell.Declare(grammar.Group(""));
  grammar.Positional({"RUN", "Run folder.", true, false, TextKind::kFolder});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  const VerifyReport report = VerifyRun(OpenToVerify(grammar.positionals().at(0)));
  std::string text;
  for (const std::string& problem : report.problems) text += problem + "\n";
  text += std::to_string(report.checked_files) + " files of " + std::to_string(report.complete_stages) +
          " complete stages checked, " + std::to_string(report.problems.size()) + " problems, " +
          std::to_string(report.incomplete_stages) + " stages unfinished\n";
  PrintResult(shell,
              {{"checked_files", report.checked_files},
               {"complete_stages", report.complete_stages},
               {"incomplete_stages", report.incomplete_stages},
               {"problems", report.problems}},
              text);
  if (report.problems.empty()) return 0;
  Fail(ExitCode::kCorrupt,
       report.problems.front() +
           (report.problems.size() > 1 ? " (and " + std::to_string(report.problems.size() - 1) + " more)" : "") +
           ". Remove the stage's folder and run the same command again: it rebuilds just that stage.");
}

}  // namespace tint
