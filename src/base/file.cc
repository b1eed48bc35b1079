#include "tint/base/file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "file_internal.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace internal {

Descriptor::~Descriptor() { Close(); }

int Descriptor::Close() {
  if (number_ < 0) return 0;
  const int result = close(number_);
  number_ = -1;
  return result == 0 || errno == EINTR ? 0 : errno;
}

std::string ErrnoText(int error) {
  const char* description = strerrordesc_np(error);
  const char* name = strerrorname_np(error);
  return std::string(description ? description : "unknown error") + " (" + (name ? name : std::to_string(error)) + ")";
}

namespace {

[[noreturn]] void FailToRead(const std::filesystem::path& path, int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      Fail(ExitCode::kMissingInput, {.file = path, .found = "is not there: " + ErrnoText(error)});
    case EACCES:
    case EPERM:
      Fail(ExitCode::kUntrusted, {.file = path, .found = "may not be read: " + ErrnoText(error)});
    case ENXIO:  // a socket
    case ELOOP:
    case ENAMETOOLONG:
      Fail(ExitCode::kBadInput,
           {.file = path, .found = "cannot be opened: " + ErrnoText(error), .expected = "a regular file"});
    default:
      Fail(ExitCode::kInputOutput, {.file = path, .found = "cannot be read: " + ErrnoText(error)});
  }
}

void RefuseNul(const std::filesystem::path& path) {
  if (path.native().find('\0') == std::string::npos) return;
  Fail(ExitCode::kBadInput,
       {.file = path, .found = "the name holds a NUL byte", .expected = "a name that files can have"});
}

}  // namespace

int OpenForReading(const std::filesystem::path& path, uint64_t* size) {
  RefuseNul(path);
  int number = -1;
  do {
    // O_NONBLOCK: opening a named pipe would wait for its writer for ever.
    number = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  } while (number < 0 && errno == EINTR);
  if (number < 0) FailToRead(path, errno);
  struct stat status {};
  const int error = fstat(number, &status) == 0 ? 0 : errno;
  if (error == 0 && S_ISREG(status.st_mode)) {
    *size = static_cast<uint64_t>(status.st_size);
    return number;
  }
  close(number);
  if (error != 0) FailToRead(path, error);
  Fail(ExitCode::kBadInput, {.file = path,
                             .found = S_ISDIR(status.st_mode) ? "is a folder" : "is a pipe, socket or device",
                             .expected = "a regular file"});
}

size_t ReadSome(int descriptor, char* buffer, size_t count, const std::filesystem::path& path) {
  for (;;) {
    const ssize_t got = read(descriptor, buffer, count);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) FailToRead(path, errno == EISDIR ? EIO : errno);
  }
}

}  // namespace internal

namespace {

using internal::Descriptor;
using internal::ErrnoText;
using std::filesystem::path;

path FolderOf(const path& file) { return file.has_parent_path() ? file.parent_path() : path("."); }

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
    Fail(ExitCode::kCannotCreate, {.file = file,
                                   .found = what,
                                   .expected = "a folder that exists and may be written",
                                   .remedy = "Nothing was left behind."});
  }
  Complaint complaint{.file = file, .found = what, .remedy = "Nothing was left behind; resume: same command."};
  if (error == ENOSPC || error == EDQUOT) {
    complaint.expected = FormatBytes(bytes) + " of free space";
    try {
      complaint.expected += ", and the file system says " + FormatBytes(FreeBytes(FolderOf(file)));
    } catch (const Error&) {
      // The figure is only a help; the failure itself is reported below.
    }
    complaint.remedy = "Make room there; resume: same command.";
  }
  Fail(ExitCode::kInputOutput, complaint);
}

// A new file with `bytes`, on disk, under a name of its own. Unlinked on destruction unless it was renamed away.
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
  // Gives the target a second name for this file; false if another file stands there.
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
  // Over NFS a repeated request can report a failure of what was done: the inode tells.
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
  // Once, whatever it says: after a failed fsync the kernel may call lost pages clean, and a second one would lie.
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

// Accepts a file that stands under the final name already, if it has these bytes.
void ComparePresent(const path& file, std::string_view bytes) {
  std::string present;
  try {
    present = ReadFile(file, bytes.size());
  } catch (const Error& error) {
    if (error.code() != ExitCode::kBadInput) throw;
    present.clear();  // longer than ours, or no regular file
    if (bytes.empty()) present = "?";
  }
  if (present == bytes) return;
  Fail(ExitCode::kInternal, {.file = file,
                             .found = "two runs of the same key differ",
                             .expected = "the " + std::to_string(bytes.size()) + " bytes that this run computed",
                             .remedy = "Please report it; to go on, delete the file and run the same command again."});
}

}  // namespace

std::string ReadFile(const path& file, uint64_t limit) {
  uint64_t size = 0;
  Descriptor input(internal::OpenForReading(file, &size));
  auto refuse = [&](uint64_t found) {
    Fail(ExitCode::kBadInput, {.file = file,
                               .found = "has " + std::string(found > size ? "more than " : "") + FormatBytes(found) +
                                        " (" + std::to_string(found) + " bytes)",
                               .expected = "at most " + FormatBytes(limit) + " (" + std::to_string(limit) + " bytes)"});
  };
  if (size > limit) refuse(size);
  std::string bytes;
  size_t filled = 0;
  // One byte more than the size says shows the end; files that grow, and those of /proc, are read to their end.
  for (size_t room = size + 1;; room = std::max<size_t>(filled, 1 << 16)) {
    bytes.resize(filled + room);
    while (filled < bytes.size()) {
      const size_t count = internal::ReadSome(input.number(), bytes.data() + filled, bytes.size() - filled, file);
      if (count == 0) {
        bytes.resize(filled);
        return bytes;
      }
      filled += count;
      if (filled > limit) refuse(filled);
    }
  }
}

void WriteFileDurably(const path& file, std::string_view bytes) {
  Temporary temporary(file, bytes);
  temporary.Rename();
  SyncFolder(FolderOf(file));
}

void CommitFileOnce(const path& file, std::string_view bytes) {
  struct stat status {};
  if (lstat(file.c_str(), &status) == 0) {
    ComparePresent(file, bytes);
  } else {
    Temporary temporary(file, bytes);
    if (!temporary.Link()) ComparePresent(file, bytes);
  }
  // Even where another process wrote it: its name may not be on disk yet.
  SyncFolder(FolderOf(file));
}

void CreateFoldersDurably(const path& folder) {
  internal::RefuseNul(folder);
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
                                   .expected = "a folder, or a place where one can be made"});
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
       {.file = target, .found = "fsync: " + ErrnoText(errno), .remedy = "Resume: same command."});
}

uint64_t FreeBytes(const path& folder) {
  path place = std::filesystem::absolute(folder);
  struct statvfs status {};
  while (statvfs(place.c_str(), &status) != 0) {
    if (errno == EINTR) continue;
    if ((errno != ENOENT && errno != ENOTDIR) || place.parent_path() == place) {
      Fail(ExitCode::kInputOutput, {.file = folder, .found = "cannot tell the free space: " + ErrnoText(errno)});
    }
    place = place.parent_path();
  }
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace tint
