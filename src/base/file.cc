// SPDX-License-Identifier: Apache-2.0
#include "tint/base/file.h"

#include <fcntl.h>
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
      Fail(ExitCode::kMissingInput, {.file = path, .found = "does not exist: " + ErrnoText(error)});
    case EACCES:
    case EPERM:
      Fail(ExitCode::kUntrusted, {.file = path, .found = "cannot be read: " + ErrnoText(error)});
    case ENXIO:  // a socket
    case ELOOP:
    case ENAMETOOLONG:
      Fail(ExitCode::kBadInput,
           {.file = path, .found = "cannot be opened: " + ErrnoText(error), .expected = "a regular file"});
    default:
      Fail(ExitCode::kInputOutput, {.file = path, .found = "cannot be read: " + ErrnoText(error)});
  }
}

}  // namespace

void CheckNoNul(const std::filesystem::path& path) {
  if (path.native().find('\0') == std::string::npos) return;
  Fail(ExitCode::kBadInput, {.file = path, .found = "the name contains a NUL byte", .expected = "a valid file name"});
}

int OpenForReading(const std::filesystem::path& path, uint64_t* size) {
  CheckNoNul(path);
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

using internal::Descriptor;
using internal::ErrnoText;
using std::filesystem::path;

std::string ReadFile(const path& file, uint64_t limit) {
  uint64_t size = 0;
  Descriptor input(internal::OpenForReading(file, &size));
  auto fail = [&](uint64_t found) {
    Fail(ExitCode::kBadInput, {.file = file,
                               .found = "has " + std::string(found > size ? "more than " : "") + FormatBytes(found) +
                                        " (" + std::to_string(found) + " bytes)",
                               .expected = "at most " + FormatBytes(limit) + " (" + std::to_string(limit) + " bytes)"});
  };
  if (size > limit) fail(size);
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
      if (filled > limit) fail(filled);
    }
  }
}

uint64_t FreeBytes(const path& folder) {
  path place = std::filesystem::absolute(folder);
  struct statvfs status {};
  while (statvfs(place.c_str(), &status) != 0) {
    if (errno == EINTR) continue;
    if ((errno != ENOENT && errno != ENOTDIR) || place.parent_path() == place) {
      Fail(ExitCode::kInputOutput, {.file = folder, .found = "cannot determine the free space: " + ErrnoText(errno)});
    }
    place = place.parent_path();
  }
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace tint
