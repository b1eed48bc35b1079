// SPDX-License-Identifier: Apache-2.0
// One progress bar on a terminal; log lines elsewhere. Always on stderr: stdout is for results.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace tint {

enum class ProgressStyle { kAuto, kBar, kLines, kJson, kNone };

// Process-wide, set once by the command line. kAuto: a bar if stderr is a terminal, TERM is not "dumb" and CI is unset,
// else lines.
void SetProgressStyle(ProgressStyle style);

// Erases the bar from the terminal, if one is shown, so that a line can be written; the next Advance draws it again.
void EraseProgressBar();

// Counts units of work, and shows rate and remaining time. kLines prints every 10 % (at most once a second, and the
// end); kJson prints {"stage","done","total","rate","remaining_seconds"} per line.
//   Progress progress("generate", "images", 40);
//   for (...) { ...; progress.Advance(8); }
class Progress {
 public:
  Progress(std::string stage, std::string unit, int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void Advance(int64_t units = 1);
  // Units that were done before this process began: they count, but not in the rate.
  void StartFrom(int64_t done);
  // The same, by the number of units done so far.
  void AdvanceTo(int64_t done);
  // A short figure shown behind the bar, such as "loss 0.0123".
  void Note(const std::string& note);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tint
