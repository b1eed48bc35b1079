// SPDX-License-Identifier: Apache-2.0
// A small command with global options and three stages, some of whose options share a name.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tint/options/resolve.h"

namespace tint::testing {

struct FakeGlobal {
  int64_t seed = 0;
  std::string run;
  std::string student = "conv4";
  bool json = false;
  int64_t queries = 0;
  void Declare(OptionList& list);
};

struct FakeNullText {
  int64_t steps = 50;
  double guidance = 7.5;
  void Declare(OptionList& list);
};

enum class FakeSampler { kDdim, kPlms };

}  // namespace tint::testing

template <>
struct tint::EnumNames<tint::testing::FakeSampler> {
  static constexpr EnumName<testing::FakeSampler> kNames[] = {{testing::FakeSampler::kDdim, "ddim"},
                                                              {testing::FakeSampler::kPlms, "plms"}};
};

namespace tint::testing {

struct FakeGenerate {
  int64_t images = 4000;
  double alpha = 1.0;
  bool check_faces = true;
  FakeSampler sampler = FakeSampler::kDdim;
  void Declare(OptionList& list);
};

struct FakeDistill {
  int64_t steps = 10000;
  double learning_rate = 0.1;
  int64_t workers = 2;
  void Declare(OptionList& list);
};

struct FakeCommand {
  explicit FakeCommand(const std::string& bare_group = "");
  FakeCommand(const FakeCommand&) = delete;
  FakeCommand& operator=(const FakeCommand&) = delete;

  FakeGlobal global;
  FakeNullText null_text;
  FakeGenerate generate;
  FakeDistill distill;
  CommandOptions command;
};

// No TINT_* variable but those given, for the life of this object.
class Environment {
 public:
  explicit Environment(const std::vector<std::string>& assignments = {});
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void Clear();
  std::vector<std::string> before_;
};

}  // namespace tint::testing
