#include <unistd.h>

#include <cstdlib>

#include "tint/cli/command.h"

namespace {

// libgomp's threads spin for milliseconds at each barrier. Where another program uses a core, a spinning thread takes
// it from the one it waits for: small models then run tens of times slower. It reads its environment while it is
// loaded, so the only place to say it is before that: the program starts itself once more. Users' own settings stand.
void PreferShortSpinning(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "2000", /*overwrite=*/1);
  execv("/proc/self/exe", argv);  // returns only when it fails: then the work is slow, not wrong
}

}  // namespace

int main(int argc, char** argv) {
  PreferShortSpinning(argv);
  return tint::RunCommandLine(std::vector<std::string>(argv + 1, argv + argc));
}
