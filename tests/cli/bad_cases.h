// SPDX-License-Identifier: Apache-2.0
// The rows of the table of bad input, in the order in which its files hold them. In all texts {name} stands for a
// place:
//   {here} an empty folder, {file} the case's file in it, {run} a folder for results in it that is not there yet;
//   {support}, {query}, {base}, {models} the synthetic shapes data set, {small} its configuration of a quick row,
//   {data} a folder of data sets with the set `small` (splits train and test), {hash} the SHA-256 of small:test's
//   content, {whole} a run folder in which super-resolve is done.
#pragma once

#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "program.h"
#include "tint/base/error.h"

namespace tint::testing {

struct Places {
  std::filesystem::path root;   // all others lie in it
  std::filesystem::path world;  // {support} and the like lie in it
  std::filesystem::path data, whole, cases;
  std::string hash;
};
const Places& ThePlaces();  // made at the first call

struct BadCase {
  std::string name;  // what is wrong, in letters and digits
  std::vector<std::string> arguments;
  ExitCode code;
  std::vector<std::string> message;  // parts in their order, the first where the message begins
  std::string file = {};             // bytes of {file}; "": none is made
  Environment environment = {};
  std::function<void(const std::filesystem::path& here)> prepare = {};  // makes what else the case needs
  size_t faults = 1;                                                    // lines of the message
  bool reports = false;  // the command's result is a list of problems: it stands on standard output as well
};

inline std::ostream& operator<<(std::ostream& out, const BadCase& bad) { return out << bad.name; }

std::vector<BadCase> CommandLineCases();
std::vector<BadCase> ConfigurationCases();
std::vector<BadCase> EnvironmentCases();
std::vector<BadCase> EpisodeCases();
std::vector<BadCase> HostileNameCases();
std::vector<BadCase> ImageCases();
std::vector<BadCase> RunFolderCases();

// `tint super-resolve`, the cheapest command of the row, on the synthetic shapes data set's photos, and with what is
// added.
inline std::vector<std::string> Photos(const std::vector<std::string>& more, const std::string& support = "{support}") {
  std::vector<std::string> arguments = {"super-resolve", "--json",   "--run",     "{run}",
                                        "--models",      "{models}", "--support", support};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace tint::testing
