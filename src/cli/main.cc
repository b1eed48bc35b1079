#include <alloca.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>

#include "tint/cli/command.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

// libgomp's threads spin for milliseconds at each barrier. Where another program uses a core, a spinning thread takes
// it from the one it waits for: small models then run tens of times slower. libgomp reads its environment while it is
// loaded, so the only place to say it is before that: the program starts itself once more. Users' own settings stand.
void PreferShortSpinning(int, char** arguments, char** environment) {
  int count = 0;
  for (; environment[count] != nullptr; ++count) {
    for (const char* name : {"GOMP_SPINCOUNT=", "OMP_WAIT_POLICY="})
      if (std::strncmp(environment[count], name, std::strlen(name)) == 0) return;
  }
  char setting[] = "GOMP_SPINCOUNT=2000";
  auto** lines = static_cast<char**>(alloca((static_cast<size_t>(count) + 2) * sizeof(char*)));
  std::memcpy(lines, environment, static_cast<size_t>(count) * sizeof(char*));
  lines[count] = setting;
  lines[count + 1] = nullptr;
  execve("/proc/self/exe", arguments, lines);  // returns only when it fails: then the work is slow, not wrong
}

// Runs before the constructors of LibTorch's libraries, which take longer than most commands: they run once only.
using EarlyFunction = void (*)(int, char**, char**);
[[gnu::used, gnu::section(".preinit_array")]] const EarlyFunction kEarly = PreferShortSpinning;

}  // namespace
#endif

int main(int argc, char** argv) {
  prctl(PR_SET_NAME, "tint");  // started by the link above, ps and pkill would know it as "exe"
  return tint::RunCommandLine(std::vector<std::string>(argv + 1, argv + argc));
}
