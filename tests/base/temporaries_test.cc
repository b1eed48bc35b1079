// SPDX-License-Identifier: Apache-2.0
#include "tint/base/temporaries.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prelude.h"
#include "tint/base/file.h"
#include "tint/base/process.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

// The name's form, written out a second time: files of older versions of the program must still be recognised.
std::string NameOf(const ProcessIdentity& process, const std::string& random = "0123456789abcdef") {
  return ".tmp-" + Sha256Hex(process.host).substr(0, 8) + "-" + Sha256Hex(process.boot_id).substr(0, 8) + "-" +
         std::to_string(process.pid) + "-" + std::to_string(process.start_ticks) + "-" + random + "-done.json";
}

void Age(const fs::path& file, int64_t seconds) {
  struct timespec times[2] = {};
  times[0].tv_sec = times[1].tv_sec = time(nullptr) - seconds;
  ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
}

TEST(IsTemporaryName, RecognisesItsNamesOnly) {
  EXPECT_TRUE(IsTemporaryName(NameOf(ThisProcess())));
  EXPECT_TRUE(IsTemporaryName(".tmp-01234567-89abcdef-1-2-0123456789abcdef-a-b-c"));
  for (const char* other :
       {"done.json", ".tmp-", ".tmp-notes", ".tmp-01234567-89abcdef-1-2-0123456789abcdef",
        "tmp-01234567-89abcdef-1-2-0123456789abcdef-a", ".tmp-0123456-89abcdef-1-2-0123456789abcdef-a",
        ".tmp-01234567-89abcdef--2-0123456789abcdef-a", ".tmp-01234567-89abcdef-x-2-0123456789abcdef-a",
        ".tmp-01234567-89ABCDEF-1-2-0123456789abcdef-a",
        ".tmp-01234567-89abcdef-99999999999999999999-2-0123456789abcdef-a"}) {
    EXPECT_FALSE(IsTemporaryName(other)) << other;
  }
}

TEST(RemoveDeadTemporaries, RemovesTheDeadAndKeepsTheLiving) {
  TestFolder folder;
  const ProcessIdentity self = ThisProcess();
  ProcessIdentity dead = self, earlier_boot = self, elsewhere = self;
  dead.start_ticks += 1;
  earlier_boot.boot_id = "00000000-0000-0000-0000-000000000000";
  elsewhere.host = "another-host";
  const fs::path inner = folder / "stage/key";
  WriteAll(inner / NameOf(self), "x");
  WriteAll(inner / NameOf(dead), "x");
  WriteAll(inner / NameOf(earlier_boot), "x");
  WriteAll(inner / NameOf(elsewhere), "x");
  WriteAll(inner / NameOf(elsewhere, "fedcba9876543210"), "x");
  Age(inner / NameOf(elsewhere), 23 * 3600);
  Age(inner / NameOf(elsewhere, "fedcba9876543210"), 25 * 3600);
  WriteAll(inner / ".tmp-notes", "the user's");
  WriteAll(inner / "done.json", "{}");
  RemoveDeadTemporaries(folder.path());
  EXPECT_TRUE(fs::exists(inner / NameOf(self)));
  EXPECT_FALSE(fs::exists(inner / NameOf(dead)));
  EXPECT_FALSE(fs::exists(inner / NameOf(earlier_boot)));
  EXPECT_TRUE(fs::exists(inner / NameOf(elsewhere)));
  EXPECT_FALSE(fs::exists(inner / NameOf(elsewhere, "fedcba9876543210")));
  EXPECT_TRUE(fs::exists(inner / ".tmp-notes"));
  EXPECT_TRUE(fs::exists(inner / "done.json"));
  EXPECT_EQ(std::distance(fs::directory_iterator(inner), {}), 4) << "asking the clock leaves nothing behind";
}

TEST(RemoveDeadTemporaries, DoesNotFollowLinksOutAndAcceptsAbsence) {
  TestFolder folder;
  ProcessIdentity dead = ThisProcess();
  dead.start_ticks += 1;
  WriteAll(folder / "outside" / NameOf(dead), "x");
  fs::create_directory(folder / "run");
  fs::create_directory_symlink("../outside", folder / "run/link");
  RemoveDeadTemporaries(folder / "run");
  EXPECT_TRUE(fs::exists(folder / "outside" / NameOf(dead)));
  RemoveDeadTemporaries(folder / "absent");
}

}  // namespace
}  // namespace tint
