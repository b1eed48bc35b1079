// SPDX-License-Identifier: Apache-2.0
// No stage before evaluate opens a query: watched from outside, over the whole pipeline.
#include <gmock/gmock.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <set>

#include "files.h"
#include "program.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

// Files below the folders of a folder that any process opens.
class OpenWatch {
 public:
  explicit OpenWatch(const fs::path& folder) : queue_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    EXPECT_GE(queue_, 0) << errno;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const int watch = inotify_add_watch(queue_, entry.path().c_str(), IN_OPEN);
      EXPECT_GE(watch, 0) << entry.path() << ": " << errno;
      folders_[watch] = entry.path();
    }
  }
  OpenWatch(const OpenWatch&) = delete;
  OpenWatch& operator=(const OpenWatch&) = delete;
  ~OpenWatch() { close(queue_); }

  // Since the last call.
  std::set<std::string> Opened() {
    std::set<std::string> opened;
    alignas(inotify_event) std::array<char, 1 << 16> buffer;
    for (ssize_t size = 0; (size = read(queue_, buffer.data(), buffer.size())) > 0;) {
      for (const char* at = buffer.data(); at < buffer.data() + size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(at);
        EXPECT_EQ(event->mask & IN_Q_OVERFLOW, 0u);
        if (event->len > 0) opened.insert(folders_.at(event->wd) / event->name);  // no name: the folder was listed
        at += sizeof *event + event->len;
      }
    }
    return opened;
  }

 private:
  int queue_;
  std::map<int, fs::path> folders_;
};

TEST(QueryFiles, AreOpenedByEvaluateAlone) {
  const TestFolder world;
  const std::vector<std::string> row = SmallWorld(world.path());
  std::set<std::string> queries;
  for (const auto& entry : fs::recursive_directory_iterator(world / "query"))
    if (entry.is_regular_file()) queries.insert(entry.path());
  ASSERT_EQ(queries.size(), 20u);
  OpenWatch watch(world / "query");
  const auto opened_by = [&](const std::string& stage) {
    std::vector<std::string> arguments = {stage, "--run", world / "run", "--progress", "none"};
    arguments.insert(arguments.end(), row.begin(), row.end());
    const Outcome outcome = RunProgram(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return watch.Opened();
  };
  for (const char* stage : {"super-resolve", "textual-inversion", "null-text-inversion", "generate", "distill"})
    EXPECT_THAT(opened_by(stage), ::testing::IsEmpty()) << stage;
  EXPECT_EQ(opened_by("evaluate"), queries);
}

}  // namespace
}  // namespace tint::testing
