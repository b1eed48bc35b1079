// SPDX-License-Identifier: Apache-2.0
#include "tint/base/durable.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "file_internal.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/text.h"

namespace tint {
namespace {

using internal::Descriptor;
using internal::ErrnoText;
using internal::FolderOf;
using std::filesystem::path;

bool ForbidsCreation(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return true;
    default:
      return false;
  }
}

[[noreturn]] void FailToWrite(const path& file, const char* call, int error, size_t bytes) {
  const std::string what = std::string("cannot be written: ") + call + ": " + ErrnoText(error);
  if (ForbidsCreation(error)) {
    Fail(ExitCode::kCannotCreate,
         {.file = file, .found = what, .expected = "a writable folder", .remedy = "No partial file was left."});
  }
  ErrorDetail detail{
      .file = file, .found = what, .remedy = "No partial file was left. Run the same command again to resume."};
  if (error == ENOSPC || error == EDQUOT) {
    detail.expected = FormatBytes(bytes) + " of free space";
    try {
      detail.expected += " (" + FormatBytes(FreeBytes(FolderOf(file))) + " are available)";
    } catch (const Error&) {
      // The figure is only a help; the failure itself is reported below.
    }
    detail.remedy = "Free some space and run the same command again to resume.";
  }
  Fail(ExitCode::kInputOutput, detail);
}

// A new file with `bytes`, on disk, under a temporary name. Unlinked on destruction unless it was renamed away.
class Temporary {
 public:
  Temporary(const path& target, std::string_view bytes)
      : target_(target), path_(internal::NewTemporaryPath(target)), size_(bytes.size()) {
    Create();
    try {
      Fill(bytes);
    } catch (...) {
      Remove();  // no destructor runs for an object whose constructor throws
      throw;
    }
  }
  ~Temporary() { Remove(); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  // Replaces the target.
  void Rename();
  // Gives this file the target's name as a second one; false if the target is another file.
  bool Link();

 private:
  void Create() {
    do {
      number_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    } while (number_ < 0 && errno == EINTR);
    if (number_ < 0) FailToWrite(target_, "open", errno, size_);
  }
  void Fill(std::string_view bytes);
  void Remove() {
    if (!path_.empty()) unlink(path_.c_str());
    path_.clear();
  }
  // Over NFS a repeated request can report the failure of one that succeeded: the inode decides.
  bool IsAtTarget() const {
    struct stat status {};
    return lstat(target_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  }

  path target_;
  path path_;
  size_t size_;
  int number_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

void Temporary::Fill(std::string_view bytes) {
  Descriptor file(number_);
  struct stat status {};
  if (fstat(number_, &status) != 0) FailToWrite(target_, "fstat", errno, size_);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  while (!bytes.empty()) {
    const ssize_t count = write(number_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) FailToWrite(target_, "write", count < 0 ? errno : EIO, size_);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  // Once, whatever the result: after a failed fsync the kernel may mark lost pages clean, and a second one would
  // succeed.
  if (fsync(number_) != 0) FailToWrite(target_, "fsync", errno, size_);
  if (const int error = file.Close()) FailToWrite(target_, "close", error, size_);
}

void Temporary::Rename() {
  int error = 0;
  do {
    error = rename(path_.c_str(), target_.c_str()) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error != 0 && !IsAtTarget()) FailToWrite(target_, "rename", error, size_);
  if (error == 0) path_.clear();
}

bool Temporary::Link() {
  int error = 0;
  do {
    error = link(path_.c_str(), target_.c_str()) == 0 ? 0 : errno;
  } while (error == EINTR);
  const bool no_hard_links = error == EPERM || error == EOPNOTSUPP || error == ENOSYS || error == EMLINK;
  if (no_hard_links) {
    error = renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
    if (error == 0) path_.clear();
  }
  if (error == 0 || IsAtTarget()) return true;
  if (error != EEXIST) FailToWrite(target_, no_hard_links ? "renameat2" : "link", error, size_);
  return false;
}

// Accepts an existing file under the final name if it has these bytes.
void CheckSameBytes(const path& file, std::string_view bytes) {
  std::string present;
  try {
    present = ReadFile(file, bytes.size());
  } catch (const Error& error) {
    if (error.code() != ExitCode::kBadInput) throw;
    present.clear();  // longer than ours, or no regular file
    if (bytes.empty()) present = "?";
  }
  if (present == bytes) return;
  Fail(ExitCode::kInternal,
       {.file = file,
        .found = "two runs of the same key differ",
        .expected = "the " + std::to_string(bytes.size()) + " bytes that this run computed",
        .remedy = "Please report it. To continue, delete the file and run the same command again."});
}

}  // namespace

void WriteFileDurably(const path& file, std::string_view bytes) {
  Temporary temporary(file, bytes);
  temporary.Rename();
  SyncFolder(FolderOf(file));
}

void CommitFileOnce(const path& file, std::string_view bytes) {
  struct stat status {};
  if (lstat(file.c_str(), &status) == 0) {
    CheckSameBytes(file, bytes);
  } else {
    Temporary temporary(file, bytes);
    if (!temporary.Link()) CheckSameBytes(file, bytes);
  }
  // Even where another process wrote it: its name may not be on disk yet.
  SyncFolder(FolderOf(file));
}

void CreateFoldersDurably(const path& folder) {
  internal::CheckNoNul(folder);
  path target = folder.lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "a/b/" names a/b
  struct stat status {};
  if (target.empty() || (stat(target.c_str(), &status) == 0 && S_ISDIR(status.st_mode))) return;
  if (target.has_parent_path() && target.parent_path() != target) CreateFoldersDurably(target.parent_path());
  int error = 0;
  do {
    error = mkdir(target.c_str(), 0777) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error != 0 && !(stat(target.c_str(), &status) == 0 && S_ISDIR(status.st_mode))) {
    Fail(ExitCode::kCannotCreate, {.file = target,
                                   .found = "cannot be created: mkdir: " + ErrnoText(error),
                                   .expected = "a folder, or a path where one can be created"});
  }
  SyncFolder(FolderOf(target));
}

void SyncFolder(const path& folder) {
  const path target = folder.empty() ? path(".") : folder;
  int number = -1;
  do {
    number = open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  } while (number < 0 && errno == EINTR);
  if (number < 0)
    Fail(ExitCode::kInputOutput, {.file = target, .found = "cannot be opened to be synced: " + ErrnoText(errno)});
  Descriptor directory(number);
  if (fsync(number) == 0 || errno == EINVAL) return;  // EINVAL: the file system cannot sync folders
  Fail(ExitCode::kInputOutput,
       {.file = target, .found = "fsync: " + ErrnoText(errno), .remedy = "Run the same command again to resume."});
}

}  // namespace tint
