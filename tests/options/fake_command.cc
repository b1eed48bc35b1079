// SPDX-License-Identifier: Apache-2.0
#include "fake_command.h"

#include <unistd.h>

#include <cstdlib>

namespace tint::testing {
namespace {

std::vector<std::string> TintVariables() {
  std::vector<std::string> found;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string text = *at;
    if (text.rfind("TINT_", 0) == 0) found.push_back(text);
  }
  return found;
}

void Set(const std::string& assignment) {
  const size_t equals = assignment.find('=');
  ASSERT_NE(equals, std::string::npos) << assignment;
  setenv(assignment.substr(0, equals).c_str(), assignment.substr(equals + 1).c_str(), 1);
}

}  // namespace

void FakeGlobal::Declare(OptionList& list) {
  list.Add("seed", &seed, "Seed of every random draw.").Range(0, 9223372036854775807.0);
  list.Add("run", &run, "Run folder.").NotInKey();
  list.Add("student", &student, "Architecture of the student.").Choices({"conv4", "resnet12"});
  list.Add("json", &json, "Print one JSON object.").NotInKey();
  list.Add("queries", &queries, "Queries a class; 0: all.").Range(0, 1e9);
}

void FakeNullText::Declare(OptionList& list) {
  list.Add("steps", &steps, "Denoising steps.").Range(2, 1000).Preset("smoke", 10).Unit("steps");
  list.Add("guidance", &guidance, "Guidance scale.").Range(0, 100).Source("arXiv 2207.12598");
}

void FakeGenerate::Declare(OptionList& list) {
  list.Add("images", &images, "Images per class.").Range(1, 1000000).Preset("upstream", 1000).Preset("smoke", 8);
  list.Add("alpha", &alpha, "Share of fresh noise.").Range(0, 1).Preset("smoke", 0.5).Source("paper eq. 3");
  list.Add("check-faces", &check_faces, "Whether faces are looked for.").Preset("upstream", false);
  list.Add("sampler", &sampler, "Sampler.").Preset("upstream", "plms");
}

void FakeDistill::Declare(OptionList& list) {
  list.Add("steps", &steps, "Training steps.").Range(1, 10'000'000).Preset("smoke", 40);
  list.Add("learning-rate", &learning_rate, "Learning rate of SGD.").Range(1e-6, 10);
  list.Add("workers", &workers, "Threads that read images.").Range(0, 64).NotInKey();
}

FakeCommand::FakeCommand(const std::string& bare_group)
    : command(bare_group.empty() ? "specialize" : bare_group, "Trains a classifier from a few photos.", bare_group) {
  global.Declare(command.Group(""));
  null_text.Declare(command.Group("null-text-inversion"));
  generate.Declare(command.Group("generate"));
  distill.Declare(command.Group("distill"));
  command.KnownElsewhere("evaluate", {"batch-size", "steps"});
  command.KnownElsewhere("generate", {"alpha", "grid"});
  command.KnownElsewhere("", {"ways"});
}

Environment::Environment(const std::vector<std::string>& assignments) : before_(TintVariables()) {
  Clear();
  for (const std::string& assignment : assignments) Set(assignment);
}

Environment::~Environment() {
  Clear();
  for (const std::string& assignment : before_) Set(assignment);
}

void Environment::Clear() {
  for (const std::string& assignment : TintVariables()) unsetenv(assignment.substr(0, assignment.find('=')).c_str());
}

}  // namespace tint::testing
