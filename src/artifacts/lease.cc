// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/lease.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>

#include "folder_lock.h"
#include "record.h"
#include "tint/artifacts/run_survey.h"
#include "tint/base/durable.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/process.h"
#include "tint/base/text.h"

namespace tint {

namespace fs = std::filesystem;

namespace {

constexpr double kTimeToLive = 15 * 60;  // seconds without a heartbeat after which another host's owner counts as dead
constexpr int kAttempts = 20;            // each is lost only to somebody else's success

std::string RandomDigits() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

fs::path UniquePath(const fs::path& folder) {
  return folder / (internal::kLeasePrefix + std::to_string(getpid()) + "-" + RandomDigits());
}

std::string NewRecord() {
  const ProcessIdentity self = ThisProcess();
  return SealJson({{"host", self.host},
                   {"boot_id", self.boot_id},
                   {"pid", self.pid},
                   {"start_ticks", self.start_ticks},
                   {"nonce", RandomDigits()}});
}

std::optional<std::string> ReadRecord(const fs::path& file) {
  try {
    return ReadFile(file, 1 << 16);
  } catch (const Error& error) {
    if (error.code() == ExitCode::kMissingInput) return std::nullopt;
    throw;
  }
}

// Nothing if the record is damaged: then only its age counts.
std::optional<ProcessIdentity> OwnerOf(const std::string& record, const fs::path& file) {
  try {
    const JsonDocument document = ParseJson(record, file, ExitCode::kCorrupt);
    CheckSeal(document);
    return ProcessIdentity{.host = RequireString(document, "/host", ExitCode::kCorrupt),
                           .boot_id = RequireString(document, "/boot_id", ExitCode::kCorrupt),
                           .pid = RequireInteger(document, "/pid", 1, INT64_MAX, ExitCode::kCorrupt),
                           .start_ticks = static_cast<uint64_t>(
                               RequireInteger(document, "/start_ticks", 0, INT64_MAX, ExitCode::kCorrupt))};
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool IsDead(const ProcessIdentity& owner) {
  const ProcessIdentity self = ThisProcess();
  // A host runs one boot at a time.
  return IsKnownDead(owner) || (owner.host == self.host && owner.boot_id != self.boot_id);
}

std::optional<double> ModificationTime(const fs::path& file) {
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0) return std::nullopt;
  return static_cast<double>(status.st_mtim.tv_sec) + 1e-9 * static_cast<double>(status.st_mtim.tv_nsec);
}

// A file of ours under a name that nobody has; removed on destruction.
class Candidate {
 public:
  Candidate(const fs::path& folder, const std::string& record) : path_(UniquePath(folder)) {
    const int number = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (number < 0) FailToCreate(folder, errno);
    const bool written = write(number, record.data(), record.size()) == static_cast<ssize_t>(record.size());
    const bool synced = written && (record.empty() || fsync(number) == 0);
    const int error = errno;
    close(number);
    if (synced) return;
    unlink(path_.c_str());  // no destructor runs for an object whose constructor throws
    FailToCreate(folder, error);
  }
  ~Candidate() { unlink(path_.c_str()); }
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;
  const fs::path& path() const { return path_; }

  // True if `target` is this file now.
  bool LinkTo(const fs::path& target) const {
    if (link(path_.c_str(), target.c_str()) == 0) return true;
    if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EMLINK) {  // no hard links here
      return renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0;
    }
    // Over NFS a repeated request can report the failure of what was done.
    struct stat ours {
    }, theirs{};
    return lstat(path_.c_str(), &ours) == 0 && lstat(target.c_str(), &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
  }

 private:
  [[noreturn]] static void FailToCreate(const fs::path& folder, int error) {
    const bool forbidden = error == EACCES || error == EPERM || error == EROFS || error == ENOENT;
    Fail(forbidden ? ExitCode::kCannotCreate : ExitCode::kInputOutput,
         {.file = folder / internal::kLeaseFile,
          .found = std::string("cannot be written: ") + strerrordesc_np(error),
          .remedy = "No partial file was left. Run the same command again to resume."});
  }

  fs::path path_;
};

// Seconds since the lease's heartbeat, both times taken from the file system's clock: hosts' clocks may differ by days.
std::optional<double> AgeOf(const fs::path& lease) {
  const Candidate probe(lease.parent_path(), "");
  const auto now = ModificationTime(probe.path()), beat = ModificationTime(lease);
  if (!now || !beat) return std::nullopt;
  return std::max(0.0, *now - *beat);
}

// Removes the lease that was judged stale. Renaming has one winner; if the lease had changed hands meanwhile, it is put
// back.
void RemoveStale(const fs::path& lease, const std::string& judged) {
  const fs::path unique = UniquePath(lease.parent_path());
  if (rename(lease.c_str(), unique.c_str()) != 0) return;
  if (ReadRecord(unique) != judged && link(unique.c_str(), lease.c_str()) != 0) {
    spdlog::warn("{}: two workers took this lease at once; the results do not depend on it", Quote(lease.native()));
  }
  unlink(unique.c_str());
}

// What killed processes left while they took or gave up a lease. A living one whose file is removed tries again.
void RemoveLeftovers(const fs::path& folder) {
  for (const std::string& name : internal::NamesIn(folder)) {
    if (name.starts_with(internal::kLeasePrefix)) unlink((folder / name).c_str());
  }
}

void FailIfAlive(const fs::path& lease, const std::string& record) {
  const auto owner = OwnerOf(record, lease);
  if (owner && IsDead(*owner)) return;
  const auto age = AgeOf(lease);
  if (!age) return;  // gone
  const bool is_here = owner && owner->host == ThisProcess().host;
  if (!is_here && *age > kTimeToLive) return;
  Fail(ExitCode::kLeased, {.file = lease.parent_path(),
                           .found = "another worker has this episode: " +
                                    (owner ? "process " + std::to_string(owner->pid) + " on " + Quote(owner->host)
                                           : std::string("its lease cannot be read")) +
                                    ", last heartbeat " + FormatSeconds(*age) + " ago",
                           .expected = "an episode that nobody works on",
                           .remedy = "Run the same command again later, or take another episode."});
}

void Acquire(const fs::path& lease, const std::string& record) {
  const fs::path folder = lease.parent_path();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (const auto present = ReadRecord(lease)) {
      FailIfAlive(lease, *present);
      RemoveStale(lease, *present);
    }
    if (Candidate(folder, record).LinkTo(lease)) {
      RemoveLeftovers(folder);
      return;
    }
  }
  Fail(ExitCode::kLeased,
       {.file = lease, .found = "changes hands all the time", .remedy = "Run the same command again later."});
}

}  // namespace

std::optional<LeaseSurvey> internal::ReadLease(const fs::path& episode_folder) {
  const fs::path lease = episode_folder / kLeaseFile;
  const auto record = ReadRecord(lease);
  const auto beat = ModificationTime(lease);
  if (!record || !beat) return std::nullopt;
  const auto owner = OwnerOf(*record, lease);
  // AgeOf would write here, and who only looks must not.
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  LeaseSurvey survey{.episode_idx = 0, .host = "", .pid = 0, .age_seconds = std::max(0.0, now - *beat), .dead = false};
  if (owner) survey.host = owner->host;
  if (owner) survey.pid = owner->pid;
  const bool is_here = owner && owner->host == ThisProcess().host;
  survey.dead = (owner && IsDead(*owner)) || (!is_here && survey.age_seconds > kTimeToLive);
  return survey;
}

struct Lease::State {
  fs::path file;
  std::string record;
  std::mutex mutex;
  std::condition_variable stopped;
  bool stop = false;
  std::thread heartbeat;

  bool IsOurs() const { return ReadRecord(file) == record; }

  void Beat(std::chrono::milliseconds period) {
    std::unique_lock<std::mutex> lock(mutex);
    while (!stopped.wait_for(lock, period, [this] { return stop; })) {
      try {
        if (!IsOurs()) {
          spdlog::warn("{}: taken by another worker; the results do not depend on it", Quote(file.native()));
          return;
        }
        // No time given: a file server then takes its own.
        if (utimensat(AT_FDCWD, file.c_str(), nullptr, 0) != 0) spdlog::warn("{}: no heartbeat", Quote(file.native()));
      } catch (const Error& error) {
        spdlog::warn("{}", error.what());
      }
    }
  }
};

Lease::Lease(const fs::path& episode_folder, std::chrono::milliseconds heartbeat) : state_(std::make_unique<State>()) {
  CreateFoldersDurably(episode_folder);
  state_->file = episode_folder / internal::kLeaseFile;
  state_->record = NewRecord();
  {
    const internal::FolderLock lock(episode_folder);
    Acquire(state_->file, state_->record);
  }
  state_->heartbeat = std::thread([state = state_.get(), heartbeat] { state->Beat(heartbeat); });
}

void Lease::RemoveDead(const fs::path& episode_folder) {
  std::error_code ignored;
  if (!fs::exists(episode_folder / internal::kLeaseFile, ignored)) return;
  try {
    const Lease taken_and_released(episode_folder);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kLeased) throw;
  }
}

Lease::~Lease() {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->stop = true;
  }
  state_->stopped.notify_all();
  state_->heartbeat.join();
  try {
    const fs::path folder = state_->file.parent_path();
    const internal::FolderLock lock(folder);
    if (state_->IsOurs()) unlink(state_->file.c_str());
  } catch (const std::exception& error) {
    spdlog::warn("{}: cannot be released: {}", Quote(state_->file.native()), error.what());
  }
}

}  // namespace tint
