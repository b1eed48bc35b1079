// SPDX-License-Identifier: Apache-2.0
// doctor: model sets and data sets.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "doctor.h"
#include "tint/base/shell.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/data/dataset_survey.h"
#include "tint/models/model_set.h"
#include "tint/models/role_guide.h"

namespace tint {
namespace {

using State = Finding::State;

constexpr char kExport[] = ".venv/bin/python scripts/export_models.py --size tiny --seed 1 --out ";

// The commands that a sentence names.
std::vector<std::string> CommandsNamed(const std::string& sentence) {
  std::vector<std::string> names;
  for (const Command& command : Commands()) {
    if (sentence.find(command.name) != std::string::npos) names.push_back(command.name);
  }
  return names;
}

// The command that adds a role. docs/models.md says where public checkpoints come from.
std::string FixOfRole(const std::string& role, const std::string& folder) {
  if (role.starts_with("student-"))
    return "tint pretrain student --dataset miniimagenet --student " + role.substr(8) + " --models " +
           ShellQuoted(folder);
  const std::string from = role == "upscaler"    ? "--hat FILE"
                           : role == "teacher"   ? "--dino FILE"
                           : role == "inception" ? "--inception FILE"
                                                 : "--stable-diffusion FOLDER";
  return ".venv/bin/python scripts/export_models.py --add --out " + ShellQuoted(folder) + " " + from;
}

constexpr char kMissing[] = " missing: ";

// Roles that the set lacks; those with the same use and the same remedy are one finding.
Findings AbsentRoles(const ModelSet& set, const std::string& folder) {
  Findings findings;
  for (const RoleGuide& guide : RoleGuides()) {
    const std::vector<std::string> blocks = CommandsNamed(guide.needed_by);
    if (set.Has(guide.role) || blocks.empty()) continue;
    const std::string fix = FixOfRole(guide.role, folder);
    const auto same = [&](const Finding& other) { return other.blocks == blocks && other.fix == fix; };
    const auto at = std::find_if(findings.begin(), findings.end(), same);
    if (at != findings.end()) {
      at->what.insert(at->what.find(kMissing), ", " + guide.role);
      continue;
    }
    const bool student = guide.role.starts_with("student-");
    findings.push_back({.topic = "models",
                        .state = State::kWarning,
                        .what = guide.role + kMissing + "needed by " + guide.needed_by +
                                (student ? ", but not with --student-init random" : " (docs/models.md)"),
                        .fix = fix,
                        .blocks = blocks});
  }
  return findings;
}

// Every file that models.json lists is read and hashed.
Findings ListedFiles(const ModelSet& set, const std::string& folder) {
  Findings findings;
  std::vector<std::string> roles;
  for (const auto& [role, record] : set.records()) {
    roles.push_back(role);
    try {
      set.ReadChecked(role);
    } catch (const Error& error) {
      findings.push_back(
          {.topic = "models",
           .state = State::kError,
           .what = std::string(error.what()) + " Restore the file, or, if it was changed on purpose, record it again:",
           .fix = "tint models lock " + ShellQuoted(folder),
           .blocks = {},
           .code = error.code()});
    }
  }
  if (findings.empty())
    findings.push_back({.topic = "models",
                        .state = State::kOk,
                        .what = Quote(folder) + ": roles " + Join(roles, ", ") +
                                "; all hashes match (tint models check runs their probes)",
                        .fix = "",
                        .blocks = {}});
  return findings;
}

Finding DescribeSet(const DatasetSurvey& survey) {
  std::vector<std::string> there, absent, problems;
  for (const SplitSurvey& split : survey.splits) {
    if (!split.problem.empty()) {
      problems.push_back(split.problem);
    } else if (split.exists) {
      there.push_back(split.split + " " + std::to_string(split.classes) + " classes (" + split.format + ")");
    } else {
      absent.push_back(split.split);
    }
  }
  Finding finding{
      .topic = "data", .state = State::kOk, .what = survey.name + ": " + Join(there, ", "), .fix = "", .blocks = {}};
  if (!problems.empty()) {
    finding.state = State::kError;
    finding.what = survey.name + ": " + problems.front();
    finding.fix = "tint dataset check " + ShellQuoted(survey.name);
    finding.code = ExitCode::kBadInput;
  } else if (!absent.empty()) {
    finding.state = State::kWarning;
    finding.what += "; no " + Join(absent, ", no ") + " (docs/data.md)";
    finding.fix = "tint dataset check " + ShellQuoted(survey.name);
    if (absent.front() != "test") finding.blocks = {"pretrain student", "pretrain teacher"};
  }
  return finding;
}

}  // namespace

Findings ExamineModels(const std::string& folder) {
  if (folder.empty())
    return {{.topic = "models",
             .state = State::kWarning,
             .what = "neither --models nor TINT_MODELS is set; this writes a small model set with random weights "
                     "(scripts/setup --export first):",
             .fix = std::string(kExport) + "models",
             .blocks = {"specialize"}}};
  try {
    const ModelSet set = ModelSet::Open(folder);
    Findings findings = ListedFiles(set, folder);
    const Findings absent = AbsentRoles(set, folder);
    findings.insert(findings.end(), absent.begin(), absent.end());
    return findings;
  } catch (const Error& error) {
    std::error_code ignored;
    const bool there = std::filesystem::is_directory(folder, ignored);
    return {{.topic = "models",
             .state = State::kError,
             .what = error.what(),
             .fix = there ? "tint models lock " + ShellQuoted(folder) : kExport + ShellQuoted(folder),
             .blocks = {"specialize"},
             .code = error.code()}};
  }
}

Findings ExamineData() {
  const char* root = std::getenv("TINT_DATA");
  if (root == nullptr || *root == '\0')
    return {{.topic = "data",
             .state = State::kWarning,
             .what = "TINT_DATA, the folder of data sets, is not set; not needed for your own photos (--support)",
             .fix = "export TINT_DATA=FOLDER",
             .blocks = {}}};
  Findings findings;
  const std::string draw =
      "tint dataset synthesize --out " + ShellQuoted((std::filesystem::path(root) / "demo").native());
  try {
    for (const DatasetSurvey& survey : SurveyDatasets(root)) findings.push_back(DescribeSet(survey));
  } catch (const Error& error) {
    return {{.topic = "data",
             .state = State::kError,
             .what = error.what(),
             .fix = draw,
             .blocks = {},
             .code = error.code()}};
  }
  if (findings.empty())
    findings.push_back(
        {.topic = "data",
         .state = State::kWarning,
         .what = Quote(root) + " contains no data set (docs/data.md says where to get them; this generates one)",
         .fix = draw,
         .blocks = {}});
  return findings;
}

}  // namespace tint
