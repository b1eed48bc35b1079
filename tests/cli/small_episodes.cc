// SPDX-License-Identifier: Apache-2.0
#include "small_episodes.h"

#include <unistd.h>

namespace tint::testing {

namespace fs = std::filesystem;

fs::path SmallEpisodes::world_;

void SmallEpisodes::DrawEpisodes(const std::string& split) {
  world_ = fs::temp_directory_path() / ("tint-episodes-" + split + "-" + std::to_string(getpid()));
  fs::remove_all(world_);
  SmallWorld(world_);
  fs::create_directories(world_ / "data/shapes");
  fs::copy(world_ / "query", world_ / "data/shapes" / split, fs::copy_options::recursive);
  fs::copy(world_ / "base", world_ / "data/shapes/train", fs::copy_options::recursive);
  const Outcome drawn = Tint({"episodes", "draw", "--dataset", "shapes", "--split", split, "--ways", "3", "--shots",
                              "2", "--count", "3", "--seed", "1", "--out", world_ / "episodes.json"});
  ASSERT_EQ(drawn.code, 0) << drawn.err;
}

void SmallEpisodes::TearDownTestSuite() { fs::remove_all(world_); }

Outcome SmallEpisodes::Tint(const std::vector<std::string>& arguments) {
  return RunProgram(arguments, {{"TINT_DATA", world_ / "data"}});
}

Outcome SmallEpisodes::Specialize(int episode, const std::string& run, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"specialize", "--dataset", "shapes", "--json"};
  const auto add = [&](const std::string& option, const std::string& value) {
    arguments.push_back("--" + option);
    arguments.push_back(value);
  };
  add("episodes", world_ / "episodes.json");
  add("episode", std::to_string(episode));
  add("models", world_ / "models");
  add("config", world_ / "small.json");
  add("run", world_ / run);
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Tint(arguments);
}

}  // namespace tint::testing
