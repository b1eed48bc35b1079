// SPDX-License-Identifier: Apache-2.0
// How a command talks to its user: every command has these options.
#pragma once

#include <string>

#include "tint/base/json_fwd.h"
#include "tint/base/progress.h"
#include "tint/options/option.h"

namespace tint {

template <>
struct EnumNames<ProgressStyle> {
  static constexpr EnumName<ProgressStyle> kNames[] = {{ProgressStyle::kAuto, "auto"},
                                                       {ProgressStyle::kBar, "bar"},
                                                       {ProgressStyle::kLines, "lines"},
                                                       {ProgressStyle::kJson, "json"},
                                                       {ProgressStyle::kNone, "none"}};
};

struct ShellOptions {
  bool dry_run = false;
  bool json = false;
  ProgressStyle progress = ProgressStyle::kAuto;
  std::string color = "auto";
  std::string log_level = "info";

  void Declare(OptionList& list);
};

// The result on stdout: `json` as one object with --json, else `text`.
void PrintResult(const ShellOptions& shell, const Json& json, const std::string& text);

}  // namespace tint
