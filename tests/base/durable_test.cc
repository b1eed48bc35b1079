// SPDX-License-Identifier: Apache-2.0
#include "tint/base/durable.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "prelude.h"
#include "tint/base/stop.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Names(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// Runs `action` in a child process; its exit code is the Error's, or 0.
int ExitCodeOf(const std::function<void()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      action();
    } catch (const Error& error) {
      _exit(static_cast<int>(error.code()));
    }
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  return WEXITSTATUS(status);
}

TEST(WriteFileDurably, ReplacesAndLeavesNothingElse) {
  TestFolder folder;
  WriteFileDurably(folder / "f", "one");
  WriteFileDurably(folder / "f", "");
  EXPECT_EQ(ReadAll(folder / "f"), "");
  const std::string big(3'000'000, 'b');
  WriteFileDurably(folder / "f", big);
  EXPECT_EQ(ReadAll(folder / "f"), big);
  EXPECT_THAT(Names(folder.path()), ElementsAre("f"));
}

TEST(WriteFileDurably, WorksWithABareNameAndALongOne) {
  TestFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  WriteFileDurably("bare", "x");
  fs::current_path(before);
  EXPECT_EQ(ReadAll(folder / "bare"), "x");
  const std::string longest(255, 'n');
  WriteFileDurably(folder / longest, "x");
  EXPECT_EQ(ReadAll(folder / longest), "x");
}

TEST(WriteFileDurably, NamesWhyItCannot) {
  TestFolder folder;
  WriteAll(folder / "file", "x");
  fs::create_directory(folder / "folder");
  auto write = [&](const fs::path& path) { return CatchError([&] { WriteFileDurably(path, "bytes"); }); };
  EXPECT_THAT(write(folder / "absent" / "f"), FailsWith(ExitCode::kCannotCreate, HasSubstr("ENOENT")));
  EXPECT_THAT(write(folder / "file" / "f"), FailsWith(ExitCode::kCannotCreate, HasSubstr("ENOTDIR")));
  EXPECT_THAT(write(folder / "folder"), FailsWith(ExitCode::kCannotCreate, HasSubstr("EISDIR")));
  EXPECT_THAT(write(folder / std::string(256, 'n')), FailsWith(ExitCode::kCannotCreate, HasSubstr("ENAMETOOLONG")));
  EXPECT_THAT(write("/proc/tint"), FailsWith(ExitCode::kCannotCreate, HasSubstr("/proc/tint")));
  EXPECT_THAT(Names(folder.path()), ElementsAre("file", "folder")) << "temporaries are removed";
}

// Without the handlers the kernel would kill the process and leave the temporary.
TEST(WriteFileDurably, SurvivesTheFileSizeLimit) {
  TestFolder folder;
  WriteAll(folder / "f", "whole");
  const int code = ExitCodeOf([&] {
    InstallStopHandlers();
    const rlimit limit{.rlim_cur = 100'000, .rlim_max = 100'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    WriteFileDurably(folder / "f", std::string(1'000'000, 'x'));
  });
  EXPECT_EQ(code, static_cast<int>(ExitCode::kInputOutput));
  EXPECT_EQ(ReadAll(folder / "f"), "whole");
  EXPECT_THAT(Names(folder.path()), ElementsAre("f"));
}

TEST(WriteFileDurably, NamesExhaustedDescriptors) {
  TestFolder folder;
  const int code = ExitCodeOf([&] {
    const rlimit limit{.rlim_cur = 0, .rlim_max = 0};
    setrlimit(RLIMIT_NOFILE, &limit);
    WriteFileDurably(folder / "f", "x");
  });
  EXPECT_EQ(code, static_cast<int>(ExitCode::kInputOutput));
}

TEST(CommitFileOnce, KeepsTheFirst) {
  TestFolder folder;
  CommitFileOnce(folder / "f", "bytes");
  struct stat first {};
  ASSERT_EQ(stat((folder / "f").c_str(), &first), 0);
  EXPECT_EQ(first.st_nlink, 1u);
  CommitFileOnce(folder / "f", "bytes");
  struct stat second {};
  ASSERT_EQ(stat((folder / "f").c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
  for (const char* other : {"other", "byte", "bytes!", ""}) {
    EXPECT_THAT(CatchError([&] { CommitFileOnce(folder / "f", other); }),
                FailsWith(ExitCode::kInternal, AllOf(HasSubstr("/f"), HasSubstr("two runs of the same key differ"))));
  }
  EXPECT_EQ(ReadAll(folder / "f"), "bytes");
  EXPECT_THAT(Names(folder.path()), ElementsAre("f"));
}

TEST(CommitFileOnce, ComparesEmptyFilesToo) {
  TestFolder folder;
  CommitFileOnce(folder / "f", "");
  CommitFileOnce(folder / "f", "");
  EXPECT_EQ(CatchError([&] { CommitFileOnce(folder / "f", "x"); }).code(), ExitCode::kInternal);
}

TEST(CommitFileOnce, OneOfManyProcessesWins) {
  TestFolder folder;
  for (int round = 0; round < 10; ++round) {
    const fs::path file = folder / ("f" + std::to_string(round));
    std::vector<pid_t> children;
    for (int worker = 0; worker < 4; ++worker) {
      const pid_t child = fork();
      if (child == 0) {
        try {
          CommitFileOnce(file, worker < 2 ? "first" : "second");
        } catch (const Error& error) {
          _exit(static_cast<int>(error.code()));
        }
        _exit(0);
      }
      children.push_back(child);
    }
    int done = 0, differed = 0;
    for (pid_t child : children) {
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      done += WEXITSTATUS(status) == 0;
      differed += WEXITSTATUS(status) == static_cast<int>(ExitCode::kInternal);
    }
    EXPECT_EQ(done, 2);
    EXPECT_EQ(differed, 2);
    EXPECT_THAT(ReadAll(file), ::testing::AnyOf("first", "second"));
  }
  EXPECT_EQ(Names(folder.path()).size(), 10u);
}

TEST(CreateFoldersDurably, IsLikeMkdirP) {
  TestFolder folder;
  CreateFoldersDurably(folder / "a/b/c/");
  CreateFoldersDurably(folder / "a/b/c");
  CreateFoldersDurably(folder / "x/./y/../z");
  EXPECT_TRUE(fs::is_directory(folder / "a/b/c"));
  EXPECT_TRUE(fs::is_directory(folder / "x/z"));
  CreateFoldersDurably("");
  CreateFoldersDurably("/");
  WriteAll(folder / "file", "x");
  EXPECT_THAT(CatchError([&] { CreateFoldersDurably(folder / "file"); }),
              FailsWith(ExitCode::kCannotCreate, HasSubstr("EEXIST")));
  EXPECT_THAT(CatchError([&] { CreateFoldersDurably(folder / "file/inner"); }),
              FailsWith(ExitCode::kCannotCreate, HasSubstr("/file")));
  EXPECT_EQ(CatchError([&] { CreateFoldersDurably("/proc/tint"); }).code(), ExitCode::kCannotCreate);
}

TEST(SyncFolder, RefusesWhatIsNotADirectory) {
  TestFolder folder;
  SyncFolder(folder.path());
  EXPECT_THAT(CatchError([&] { SyncFolder(folder / "absent"); }),
              FailsWith(ExitCode::kInputOutput, HasSubstr("absent")));
}

}  // namespace
}  // namespace tint
