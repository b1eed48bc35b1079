// No stage before evaluate opens a query: watched from outside, by the system calls of the whole row.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "files.h"
#include "program.h"
#include "tint/base/text.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

// Runs `tint COMMAND` of the small world under strace and returns the files below `folder` that it opened.
std::set<std::string> OpenedBelow(const fs::path& folder, const std::string& command,
                                  const std::vector<std::string>& row, const fs::path& world) {
  const fs::path trace = world / (command + ".trace"), errors = world / (command + ".err");
  std::string line = "strace -f -s 4096 -e trace=open,openat,openat2,creat -o '" + trace.string() + "' " TINT_PROGRAM +
                     " " + command + " --run '" + (world / "run").string() + "' --progress none";
  for (const std::string& word : row) line += " '" + word + "'";
  EXPECT_EQ(std::system((line + " >/dev/null 2>'" + errors.string() + "'").c_str()), 0) << line << ReadAll(errors);
  std::set<std::string> opened;
  size_t calls = 0;
  for (const std::string& call : Split(ReadAll(trace), '\n')) {
    ++calls;
    const size_t start = call.find('"'), end = call.find('"', start + 1);
    if (start == std::string::npos || call.find("O_DIRECTORY") != std::string::npos) continue;
    const std::string path = call.substr(start + 1, end - start - 1);
    if (path.starts_with(folder.string() + "/")) opened.insert(path);
  }
  EXPECT_GT(calls, 10u) << "strace saw nothing";
  return opened;
}

TEST(QueryFiles, AreOpenedByEvaluateAlone) {
  if (std::system("strace -V >/dev/null 2>&1") != 0) GTEST_SKIP() << "strace is not installed";
  const TestFolder world;
  const std::vector<std::string> row = SmallWorld(world.path());
  std::set<std::string> queries;
  for (const auto& entry : fs::recursive_directory_iterator(world / "query"))
    if (entry.is_regular_file()) queries.insert(entry.path());
  ASSERT_EQ(queries.size(), 20u);
  for (const char* stage : {"super-resolve", "textual-inversion", "null-text-inversion", "generate", "distill"})
    EXPECT_THAT(OpenedBelow(world / "query", stage, row, world.path()), ::testing::IsEmpty()) << stage;
  EXPECT_EQ(OpenedBelow(world / "query", "evaluate", row, world.path()), queries);
}

}  // namespace
}  // namespace tint::testing
