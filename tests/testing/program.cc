// SPDX-License-Identifier: Apache-2.0
#include "program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "files.h"
#include "shapes_world.h"
#include "tint/base/json.h"

namespace tint::testing {

namespace fs = std::filesystem;

namespace {

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(const Environment& changes) {
  std::vector<std::string> lines;
  for (char** line = environ; *line != nullptr; ++line) {
    const std::string text = *line;
    const std::string name = text.substr(0, text.find('='));
    if (name.starts_with("TINT_") || changes.count(name) > 0) continue;
    lines.push_back(text);
  }
  for (const auto& [name, value] : changes) lines.push_back(name + "=" + value);
  return lines;
}

}  // namespace

Json Outcome::json() const {
  Json value = Json::parse(out, nullptr, false);
  if (value.is_object()) return value;
  ADD_FAILURE() << "not one JSON object: " << out << "\nexit code " << code << "\n" << err;
  return Json::object();
}

Program::Program(const std::vector<std::string>& arguments, const Environment& environment) {
  static std::atomic<int> count = 0;
  const fs::path base =
      fs::temp_directory_path() / ("tint-program-" + std::to_string(getpid()) + "-" + std::to_string(count++));
  out_file_ = base.string() + ".out";
  err_file_ = base.string() + ".err";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  std::vector<std::string> words = {TINT_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> lines = EnvironmentWith(environment);
  const int error = posix_spawn(&pid_, TINT_PROGRAM, &actions, nullptr, Pointers(words).data(), Pointers(lines).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    waited_ = true;
    ADD_FAILURE() << TINT_PROGRAM << " cannot be started: " << strerrordesc_np(error);
  }
}

Program::~Program() {
  if (!waited_) {
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  fs::remove(out_file_, ignored);
  fs::remove(err_file_, ignored);
}

void Program::Signal(int number) const { kill(pid_, number); }

std::string Program::Name() const {
  std::string name = ReadAll("/proc/" + std::to_string(pid_) + "/comm");
  if (name.ends_with('\n')) name.pop_back();
  return name;
}

bool Program::WaitUntilItSays(const std::string& text) const {
  while (ReadAll(err_file_).find(text) == std::string::npos) {
    siginfo_t info = {};
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

Outcome Program::Wait(std::chrono::seconds limit) {
  if (waited_) return {};
  const auto end = std::chrono::steady_clock::now() + limit;
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(pid_, &status, WNOHANG)) == 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (ended == 0) {
    ADD_FAILURE() << "still running after " << limit.count() << " s";
    Signal(SIGKILL);
    ended = waitpid(pid_, &status, 0);
  }
  waited_ = true;
  Outcome outcome{.out = ReadAll(out_file_), .err = ReadAll(err_file_)};
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  return outcome;
}

Outcome RunProgram(const std::vector<std::string>& arguments, const Environment& environment) {
  return Program(arguments, environment).Wait();
}

std::vector<std::string> SmallWorld(const fs::path& folder) {
  WriteShapesWorld(folder, TINT_CLIP_MODEL, {.shots = 2, .queries = 4, .base_images = 8, .seed = 1});
  WriteAll(folder / "small.json", R"({
  "preset": "smoke",
  "image-size": 16,
  "student-init": "random",
  "super-resolve": {"super-resolution": "always"},
  "generate": {"images": 8},
  "distill": {"steps": 20, "batch-size": 30}
})");
  std::vector<std::string> arguments = {"--config", folder / "small.json"};
  for (const char* part : {"support", "query", "base", "models"}) {
    arguments.push_back(std::string("--") + part);
    arguments.push_back(folder / part);
  }
  return arguments;
}

}  // namespace tint::testing
