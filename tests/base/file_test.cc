// SPDX-License-Identifier: Apache-2.0
#include "tint/base/file.h"

#include <sys/stat.h>

#include "prelude.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

TEST(ReadFile, ReturnsEveryByte) {
  TestFolder folder;
  for (size_t size : {0, 1, 65536, 200'001}) {
    std::string bytes(size, '\0');
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31);
    WriteAll(folder / "f", bytes);
    EXPECT_EQ(ReadFile(folder / "f"), bytes) << size;
    EXPECT_EQ(ReadFile(folder / "f", size), bytes) << "the limit itself is allowed";
  }
  EXPECT_THAT(ReadFile("/proc/self/status"), HasSubstr("VmHWM")) << "files whose size is said to be 0";
}

TEST(ReadFile, NamesWhatIsWrong) {
  TestFolder folder;
  WriteAll(folder / "f", "12345");
  EXPECT_THAT(CatchError([&] { ReadFile(folder / "f", 4); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("/f: "), HasSubstr("5 bytes"), HasSubstr("at most 4 B"))));
  EXPECT_THAT(CatchError([&] { ReadFile("/proc/self/status", 10); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("at most 10 B")));
  EXPECT_THAT(CatchError([&] { ReadFile(folder / "absent"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("ENOENT")));
  EXPECT_THAT(CatchError([&] { ReadFile(folder / "f" / "x"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("ENOTDIR")));
  EXPECT_THAT(CatchError([&] { ReadFile(folder.path()); }), FailsWith(ExitCode::kBadInput, HasSubstr("is a folder")));
  EXPECT_THAT(CatchError([&] { ReadFile("/dev/null"); }), FailsWith(ExitCode::kBadInput, HasSubstr("device")));
  EXPECT_THAT(CatchError([&] { ReadFile(std::string("a\0b", 3)); }), FailsWith(ExitCode::kBadInput, HasSubstr("NUL")));
  EXPECT_THAT(CatchError([&] { ReadFile(folder / std::string(300, 'n')); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("ENAMETOOLONG")));
  fs::create_symlink("loop", folder / "loop");
  EXPECT_THAT(CatchError([&] { ReadFile(folder / "loop"); }), FailsWith(ExitCode::kBadInput, HasSubstr("ELOOP")));
}

TEST(ReadFile, DoesNotWaitForAPipe) {
  TestFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(CatchError([&] { ReadFile(folder / "pipe"); }), FailsWith(ExitCode::kBadInput, HasSubstr("pipe")));
}

TEST(ReadFile, FollowsLinks) {
  TestFolder folder;
  WriteAll(folder / "photo", "bytes");
  fs::create_symlink("photo", folder / "link");
  EXPECT_EQ(ReadFile(folder / "link"), "bytes");
}

TEST(FreeBytes, UsesTheNearestExistingParent) {
  TestFolder folder;
  const uint64_t here = FreeBytes(folder.path());
  EXPECT_GT(here, 0u);
  // Others write to the same disk meanwhile.
  EXPECT_NEAR(static_cast<double>(FreeBytes(folder / "not/yet/there")), static_cast<double>(here), 2e9);
}

}  // namespace
}  // namespace tint
