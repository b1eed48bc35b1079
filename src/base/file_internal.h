// SPDX-License-Identifier: Apache-2.0
// What file.cc, durable.cc, temporaries.cc and sha256.cc share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tint/base/error.h"

namespace tint::internal {

// Closes on destruction, whatever close says: for descriptors that were only read, or after a failure.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  // Closes and returns close's errno (0 = done). EINTR counts as done: on Linux the descriptor is gone.
  int Close();

 private:
  int number_;
};

// "No space left on device (ENOSPC)".
std::string ErrnoText(int error);

inline std::filesystem::path FolderOf(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// Error(kBadInput) where the name contains a NUL byte.
void CheckNoNul(const std::filesystem::path& path);

// A regular file, open for reading; errors as ReadFile. `size` gets its size now.
int OpenForReading(const std::filesystem::path& path, uint64_t* size);

// Up to `count` bytes; 0 at the end. EINTR is retried; other errors are kInputOutput.
size_t ReadSome(int descriptor, char* buffer, size_t count, const std::filesystem::path& path);

// A new name in the folder of `final_path`, with this process's identity in it.
std::filesystem::path NewTemporaryPath(const std::filesystem::path& final_path);

}  // namespace tint::internal
