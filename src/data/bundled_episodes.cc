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
                          .found = "not given, and no list comes with data set " + Quote(dataset),
                          .expected = "a file of episodes",
                          .remedy = "Draw one: tint episodes draw --dataset " + Quote(dataset) + " --split " +
                                    list.substr(0, list.find('-')) + " --out FILE."});
}

}  // namespace tint
