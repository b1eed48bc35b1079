// SPDX-License-Identifier: Apache-2.0
#include "gnuplot.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tint/base/error.h"
#include "tint/base/text.h"

extern char** environ;

namespace tint::internal {
namespace {

// Anonymous files instead of pipes, so that neither process can block on the other.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : number_(memfd_create(name, MFD_CLOEXEC)) {
    if (number_ < 0) FailFile("cannot be created");
  }
  ~MemoryFile() { close(number_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int number() const { return number_; }

  void Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(number_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) FailFile("cannot be written");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    lseek(number_, 0, SEEK_SET);
  }

  std::string ReadAll() {
    lseek(number_, 0, SEEK_SET);
    std::string all;
    std::array<char, 1 << 16> buffer;
    for (;;) {
      const ssize_t got = read(number_, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) FailFile("cannot be read");
      if (got == 0) return all;
      all.append(buffer.data(), static_cast<size_t>(got));
    }
  }

 private:
  [[noreturn]] static void FailFile(const char* what) {
    Fail(ExitCode::kInputOutput,
         {.file = "a file in memory", .found = std::string(what) + ": " + strerrordesc_np(errno)});
  }

  int number_;
};

int Spawn(const MemoryFile& in, const MemoryFile& out, const MemoryFile& err, pid_t* pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.number(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.number(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.number(), 2);
  std::string program = "gnuplot", defaults = "--default-settings";
  char* words[] = {program.data(), defaults.data(), nullptr};
  const int error = posix_spawnp(pid, words[0], &actions, nullptr, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

int WaitFor(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string RunGnuplot(const std::string& script) {
  MemoryFile in("script"), out("image"), err("output");
  in.Write(script);
  pid_t pid = 0;
  const int error = Spawn(in, out, err, &pid);
  // A libc may report a missing program by the child's exit code.
  const int status = error == 0 ? WaitFor(pid) : 0;
  if (error != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
    Fail(ExitCode::kMissingInput, {.file = "gnuplot",
                                   .found = error != 0 && error != ENOENT ? strerrordesc_np(error) : "is not on PATH",
                                   .expected = "the program that draws the report's charts",
                                   .remedy = "On Debian: apt-get install gnuplot-nox."});
  // With exit code 0 its output is only remarks, such as on flat curves.
  if (status != 0) Fail(ExitCode::kInternal, "gnuplot: " + Quote(err.ReadAll(), 1000));
  return out.ReadAll();
}

}  // namespace tint::internal
