// SPDX-License-Identifier: Apache-2.0
#include "tint/base/stop.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include "tint/base/error.h"

namespace tint {
namespace {

constexpr int kStopSignals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
constexpr int kInterrupted = 128 + SIGINT;  // what shells expect of a program that Ctrl-C ended

// The first signal, 0 = none. Lock-free, so a handler may touch it.
std::atomic<int> stop_signal{0};
std::atomic<int> interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void OnStopSignal(int signal) {
  if (signal == SIGINT && interrupts.fetch_add(1) > 0) _exit(kInterrupted);
  int none = 0;
  stop_signal.compare_exchange_strong(none, signal);
}

}  // namespace

void InstallStopHandlers() {
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (int signal : kStopSignals) {
    struct sigaction previous {};
    // Under nohup SIGHUP is ignored already, and stays so: a closed terminal changes nothing.
    const bool ignored = sigaction(signal, nullptr, &previous) == 0 && previous.sa_handler == SIG_IGN;
    if (signal == SIGHUP && ignored) continue;
    TINT_CHECK_EQ(sigaction(signal, &action, nullptr), 0);
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  TINT_CHECK_EQ(sigaction(SIGXFSZ, &ignore, nullptr), 0);
  TINT_CHECK_EQ(sigaction(SIGPIPE, &ignore, nullptr), 0);
}

bool StopRequested() { return stop_signal.load(std::memory_order_relaxed) != 0; }

void ThrowIfStopRequested() {
  const int signal = stop_signal.load();
  if (signal == 0) return;
  const char* name = sigabbrev_np(signal);
  Fail(ExitCode::kStopped, "stopped by SIG" + std::string(name ? name : std::to_string(signal)) +
                               ". Finished work is on disk. Run the same command again to resume.");
}

void SimulateStop(int signal) {
  stop_signal.store(signal);
  interrupts.store(0);
}

}  // namespace tint
