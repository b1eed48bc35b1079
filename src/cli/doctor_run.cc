// SPDX-License-Identifier: Apache-2.0
// doctor: a run folder.
#include <filesystem>

#include "doctor.h"
#include "tint/analysis/results.h"
#include "tint/artifacts/run_survey.h"
#include "tint/artifacts/verify.h"
#include "tint/base/shell.h"
#include "tint/base/text.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;

Finding Note(const std::string& what, const std::string& fix) {
  return {.topic = "run", .state = State::kWarning, .what = what, .fix = fix, .blocks = {}};
}

// Why nothing can be created in `folder`, or in the nearest folder above it that exists; or "".
std::string WhyNotCreatable(fs::path folder) {
  folder = fs::absolute(folder);
  std::error_code ignored;
  while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
  if (!fs::is_directory(folder, ignored)) return Quote(folder.native()) + " is not a directory";
  const std::string why = WhyNotWritable(folder);
  return why.empty() ? "" : Quote(folder.native()) + ": " + why;
}

std::string SameCommand(const std::string& command, const std::string& run, uint64_t episode_idx) {
  return "tint " + command + " --run " + ShellQuoted(run) +
         (episode_idx == kSupportEpisode ? "" : " --episode " + std::to_string(episode_idx));
}

Findings Leases(const RunSurvey& survey, const std::string& folder) {
  Findings findings;
  for (const LeaseSurvey& lease : survey.leases) {
    const std::string who = "episode " + EpisodeLabel(lease.episode_idx) + ": " +
                            (lease.host.empty() ? "a lease that cannot be read"
                                                : "process " + std::to_string(lease.pid) + " on " + Quote(lease.host)) +
                            ", last heartbeat " + FormatSeconds(lease.age_seconds) + " ago";
    if (lease.dead) {
      findings.push_back(Note(who + "; that process is dead, and the next worker takes over:",
                              SameCommand("specialize", folder, lease.episode_idx)));
    } else {
      findings.push_back({.topic = "run", .state = State::kOk, .what = who + "; running", .fix = "", .blocks = {}});
    }
  }
  return findings;
}

Findings Unfinished(const RunSurvey& survey, const std::string& folder) {
  constexpr size_t kMostLines = 5;
  Findings findings;
  for (const RunFolder::Entry& entry : survey.unfinished) {
    if (findings.size() == kMostLines) break;
    findings.push_back(Note("episode " + EpisodeLabel(entry.episode_idx) + ": " + entry.stage +
                                " is unfinished; the same command resumes it:",
                            SameCommand(entry.stage, folder, entry.episode_idx)));
  }
  if (survey.unfinished.size() > kMostLines)
    findings.push_back(Note(std::to_string(survey.unfinished.size() - kMostLines) + " more stages are unfinished",
                            "tint inspect " + ShellQuoted(folder)));
  return findings;
}

Finding Hashes(const RunFolder& run, const std::string& folder) {
  const VerifyReport report = VerifyRun(run);
  if (report.problems.empty())
    return {.topic = "run",
            .state = State::kOk,
            .what = Quote(folder) + ": " + std::to_string(report.complete_stages) + " complete stages, " +
                    std::to_string(report.checked_files) + " files, all hashes match",
            .fix = "",
            .blocks = {}};
  const std::string more =
      report.problems.size() > 1 ? " (and " + std::to_string(report.problems.size() - 1) + " more)" : "";
  return {.topic = "run",
          .state = State::kError,
          .what = report.problems.front() + more,
          .fix = "tint verify " + ShellQuoted(folder),
          .blocks = {"collect", "specialize"},
          .code = ExitCode::kCorrupt};
}

}  // namespace

Findings ExamineRun(const std::string& folder) {
  Findings findings;
  const std::string unwritable = WhyNotCreatable(folder);
  if (!unwritable.empty())
    findings.push_back({.topic = "run",
                        .state = State::kError,
                        .what = Quote(folder) + " is not writable (" + unwritable + "); use another folder:",
                        .fix = "tint specialize --run runs/" + ShellQuoted(fs::path(folder).filename().native()),
                        .blocks = {"specialize"},
                        .code = ExitCode::kCannotCreate});
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) {
    if (findings.empty())
      findings.push_back({.topic = "run",
                          .state = State::kOk,
                          .what = Quote(folder) + " does not exist yet and can be created",
                          .fix = "",
                          .blocks = {}});
    return findings;
  }
  try {
    const RunFolder run = RunFolder::Open(folder);
    const RunSurvey survey = SurveyRun(run);
    findings.push_back(Hashes(run, folder));
    for (const Findings& part : {Leases(survey, folder), Unfinished(survey, folder)})
      findings.insert(findings.end(), part.begin(), part.end());
    if (!survey.leftovers.empty())
      findings.push_back(Note(std::to_string(survey.leftovers.size()) + " temporary files of killed workers, " +
                                  FormatBytes(survey.leftover_bytes) +
                                  "; the next command that runs there removes them:",
                              "tint specialize --run " + ShellQuoted(folder)));
  } catch (const Error& error) {
    const bool no_run = error.code() == ExitCode::kMissingInput;
    findings.push_back({.topic = "run",
                        .state = no_run ? State::kWarning : State::kError,
                        .what = error.what(),
                        .fix = (no_run ? "tint specialize --run " : "tint verify ") + ShellQuoted(folder),
                        .blocks = {},
                        .code = no_run ? ExitCode::kDone : error.code()});
  }
  return findings;
}

}  // namespace tint
