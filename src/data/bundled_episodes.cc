// SPDX-License-Identifier: Apache-2.0
#include "tint/data/bundled_episodes.h"

#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {

namespace fs = std::filesystem;

fs::path BundledEpisodes(const std::string& dataset, const std::string& list, const std::string& flag) {
  // <build>/../../configs, or <prefix>/share/tint.
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path file = fs::path("episodes") / (dataset + "-" + list + ".json");
  for (const fs::path& base : {program / "../../configs", program / "../share/tint"}) {
    if (fs::exists(base / file)) return (base / file).lexically_normal();
  }
  Fail(ExitCode::kUsage, {.field = flag,
                          .found = "not given, and tint includes no episodes of the data set " + Quote(dataset),
                          .expected = "an episode file",
                          .remedy = "Draw episodes: tint episodes draw --dataset " + Quote(dataset) + " --split " +
                                    list.substr(0, list.find('-')) + " --out FILE."});
}

}  // namespace tint
