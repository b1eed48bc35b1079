// SPDX-License-Identifier: Apache-2.0
#include "tint/cli/shell_options.h"

#include <iostream>

#include "tint/base/error.h"
#include "tint/base/json.h"

namespace tint {

void ShellOptions::Declare(OptionList& list) {
  list.Add("dry-run", &dry_run, "Report what would be done, what already exists and the estimated cost; do nothing.")
      .NotInKey();
  list.Add("json", &json, "Print the result as one JSON object.").NotInKey();
  list.Add("progress", &progress, "Progress display on stderr.").NotInKey();
  list.Add("color", &color, "Colours in messages; NO_COLOR is honoured.")
      .Choices({"auto", "always", "never"})
      .NotInKey();
  list.Add("log-level", &log_level, "Minimum severity of log messages.")
      .Choices({"trace", "debug", "info", "warning", "error", "off"})
      .NotInKey();
}

void PrintResult(const ShellOptions& shell, const Json& json, const std::string& text) {
  if (shell.json) {
    // A path need not be UTF-8: its other bytes are printed as U+FFFD.
    std::cout << json.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << text;
  }
  std::cout.flush();
  if (!std::cout)
    Fail(ExitCode::kInputOutput,
         {.file = "standard output", .found = "cannot be written", .expected = "room for the result"});
}

}  // namespace tint
