// SPDX-License-Identifier: Apache-2.0
#include "student_init.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"

namespace tint {

StudentInit::Kind StudentInit::kind() const {
  if (!choice_.weights_file.empty()) return Kind::kFile;
  if (choice_.random) return Kind::kRandom;
  if (models_.Has(role())) return Kind::kModelSet;
  Fail(ExitCode::kMissingInput,
       {.file = models_.folder().string(),
        .field = role(),
        .found = "no weights for the student to start from",
        .expected = "a role " + role() + " in models.json, or --student-weights FILE",
        .remedy = "Pre-train one (tint pretrain student), or start from nothing with --student-init random."});
}

InputConfig StudentInit::Input() const {
  if (kind() == Kind::kModelSet) return models_.ReadInputConfig(role());
  InputConfig input;
  input.input_size = settings_.image_size;
  input.mean = episode_.task.dataset_info.mean;
  input.std = episode_.task.dataset_info.std;
  return input;
}

Json StudentInit::RandomOptions() const {
  return kind() == Kind::kRandom ? Json{{"student", ToString(choice_.options.conv4_head)}} : Json::object();
}

void StudentInit::AddTo(StageKey* key) const {
  if (kind() == Kind::kRandom) {
    key->options["student-init"] = "random";
  } else {
    key->models["student start"] = Sha256();
  }
}

std::string StudentInit::Sha256() const {
  switch (kind()) {
    case Kind::kFile:
      return Sha256OfFile(choice_.weights_file);
    case Kind::kModelSet:
      return models_.Require(role()).KeySha256();
    case Kind::kRandom:
      break;
  }
  return "random " + std::to_string(settings_.seed);
}

SizedBackbone StudentInit::OpenRandom() const {
  const StudentSpec spec = choice_.options.Spec(choice_.architecture, settings_.image_size);
  return {BuildBackbone(spec, RandomStream({settings_.seed, "student", 0, 0, 0})), FeatureWidth(spec)};
}

ScriptModule StudentInit::OpenFile(const std::string& file) const {
  const c10::Device cpu(c10::kCPU);
  return kind() == Kind::kFile ? ScriptModule::FromBytes(models_.ReadListedFile(file), file, cpu, at::kFloat)
                               : models_.LoadModule(role(), cpu, at::kFloat);
}

SizedBackbone StudentInit::Open() const {
  if (kind() == Kind::kRandom) return OpenRandom();
  const int64_t size = settings_.image_size, input_size = Input().input_size;
  if (input_size != size)
    Fail(ExitCode::kBadConfiguration,
         {.field = "image-size",
          .found = std::to_string(size),
          .expected = std::to_string(input_size) + ", the input size of " + role() + " in models.json"});
  const std::string file = kind() == Kind::kFile ? choice_.weights_file : models_.Require(role()).file;
  ScriptModule module = OpenFile(file);
  module.SetTraining(false);
  c10::NoGradGuard no_grad;
  const at::Tensor features = module.Call("forward", {at::zeros({1, 3, size, size})});
  if (features.dim() != 2)
    Fail(ExitCode::kBadInput, {.file = file,
                               .field = "forward",
                               .found = "an output of shape " + c10::str(features.sizes()),
                               .expected = "features [B, D] of a backbone"});
  SetDropRate(module, choice_.options.Spec(choice_.architecture, size).drop_rate);
  return {std::move(module), features.size(1)};
}

}  // namespace tint
