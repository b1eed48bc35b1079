// SPDX-License-Identifier: Apache-2.0
// The built program as its users meet it: a process with arguments and an environment, whose exit code and two outputs
// are looked at.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "result_tree.h"
#include "tint/base/json.h"

namespace tint::testing {

struct Outcome {
  int code = -1;   // exit code, or -1 if a signal ended it
  int signal = 0;  // the signal that ended it, or 0
  std::string out, err;

  // The one JSON object that --json prints. Fails the test and returns {} if standard output is anything else.
  Json json() const;
};

using Environment = std::map<std::string, std::string>;

// A running `tint`. Its environment is this process's without TINT_* variables, and with `environment`.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments, const Environment& environment = {});
  ~Program();  // kills it if it still runs
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void Signal(int number) const;
  // What ps and pkill know it as, while it runs.
  std::string Name() const;
  // Waits until it has written `text` to standard error. False if it ended before.
  bool WaitUntilItSays(const std::string& text) const;
  // Waits for the end; kills it and fails the test after `limit`.
  Outcome Wait(std::chrono::seconds limit = std::chrono::seconds(300));

 private:
  pid_t pid_ = -1;
  bool waited_ = false;
  std::string out_file_, err_file_;
};

Outcome RunProgram(const std::vector<std::string>& arguments, const Environment& environment = {});

// A synthetic shapes data set in `folder` that every test program makes for itself, with `shots` photos and `queries` a
// class. Returns the arguments that name it: --support, --query, --base, --models, and a configuration of a row that
// takes about two seconds.
std::vector<std::string> SmallWorld(const std::filesystem::path& folder);

}  // namespace tint::testing
