// SPDX-License-Identifier: Apache-2.0
#include "tint/base/temporaries.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>

#include "file_internal.h"
#include "tint/base/error.h"
#include "tint/base/process.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = ".tmp-";
constexpr size_t kMaxNameBytes = 255;          // NAME_MAX
constexpr int64_t kForeignAge = 24 * 60 * 60;  // seconds after which another host's temporary counts as dead

std::string Short(const std::string& text) { return Sha256Hex(text).substr(0, 8); }

uint64_t RandomBits() {
  uint64_t bits = 0;
  while (getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    TINT_CHECK(errno == EINTR) << internal::ErrnoText(errno);
  }
  return bits;
}

// `.tmp-HOST-BOOT-PID-START-RANDOM-NAME`: HOST and BOOT are the first 8 hexadecimal digits of their SHA-256.
struct TemporaryName {
  std::string host;
  std::string boot;
  int64_t pid = 0;
  uint64_t start_ticks = 0;
};

bool IsHex(const std::string& text, size_t length) {
  return text.size() == length && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

template <class Number>
bool ParseDecimal(const std::string& text, Number* number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc() && stop == end && !text.empty() && text[0] != '-';
}

std::optional<TemporaryName> ParseName(const std::string& name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::vector<std::string> parts = Split(std::string_view(name).substr(sizeof kPrefix - 1), '-');
  if (parts.size() < 6 || !IsHex(parts[0], 8) || !IsHex(parts[1], 8) || !IsHex(parts[4], 16)) return std::nullopt;
  TemporaryName parsed{.host = parts[0], .boot = parts[1]};
  if (!ParseDecimal(parts[2], &parsed.pid) || !ParseDecimal(parts[3], &parsed.start_ticks)) return std::nullopt;
  return parsed;
}

std::optional<struct timespec> ModificationTime(const fs::path& file) {
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return status.st_mtim;
}

// The time of the file system that holds `folder`, which over a network is not ours: that of a new file.
std::optional<int64_t> FileSystemNow(const fs::path& folder) {
  const fs::path probe = internal::NewTemporaryPath(folder / "clock");
  std::FILE* file = std::fopen(probe.c_str(), "wxe");
  if (file == nullptr) return std::nullopt;
  std::fclose(file);
  const auto time = ModificationTime(probe);
  unlink(probe.c_str());
  if (!time) return std::nullopt;
  return time->tv_sec;
}

bool IsDead(const TemporaryName& name, const fs::path& file, const ProcessIdentity& self) {
  if (name.host == Short(self.host)) {
    if (name.boot != Short(self.boot_id)) return true;
    return IsKnownDead({.host = self.host, .boot_id = self.boot_id, .pid = name.pid, .start_ticks = name.start_ticks});
  }
  const auto made = ModificationTime(file);
  const auto now = made ? FileSystemNow(file.parent_path()) : std::nullopt;
  return made && now && *now - made->tv_sec > kForeignAge;
}

}  // namespace

namespace internal {

fs::path NewTemporaryPath(const fs::path& final_path) {
  const ProcessIdentity self = ThisProcess();
  const std::string middle = fmt::format("-{}-{}-{:016x}-", self.pid, self.start_ticks, RandomBits());
  std::string name = kPrefix + Short(self.host) + "-" + Short(self.boot_id) + middle;
  const std::string ending = final_path.filename().native();
  // The end of a long name is left out here; where the name itself is too long, rename and link fail.
  name += ending.substr(0, kMaxNameBytes - name.size());
  return final_path.has_parent_path() ? final_path.parent_path() / name : fs::path(name);
}

}  // namespace internal

bool IsTemporaryName(const std::string& file_name) { return ParseName(file_name).has_value(); }

std::vector<fs::path> DeadTemporaries(const fs::path& folder) {
  const ProcessIdentity self = ThisProcess();
  std::error_code error;
  // Found first, judged afterwards: that makes files too, and a folder that changes under an iterator may skip entries.
  // Folders that vanish or may not be read meanwhile are left out: another process may be cleaning up.
  std::vector<std::pair<fs::path, TemporaryName>> found;
  constexpr auto kOptions = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(folder, kOptions, error), end; !error && it != end; it.increment(error)) {
    if (auto name = ParseName(it->path().filename().native())) found.emplace_back(it->path(), *name);
  }
  std::vector<fs::path> dead;
  for (const auto& [file, name] : found) {
    if (IsDead(name, file, self)) dead.push_back(file);
  }
  return dead;
}

void RemoveDeadTemporaries(const fs::path& folder) {
  for (const fs::path& file : DeadTemporaries(folder)) unlink(file.c_str());
}

}  // namespace tint
