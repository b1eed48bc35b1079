#include "student_init.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/sha256.h"

namespace tint {

namespace {

StudentSpec Spec(const StageContext& context) {
  return context.options().distill.student.Spec(context.options().global.student, context.image_size());
}

}  // namespace

std::string StudentRole(const StageContext& context) { return "student-" + context.options().global.student; }

StudentInit ResolveStudentInit(const StageContext& context) {
  const GlobalOptions& global = context.options().global;
  if (!global.student_weights.empty()) return StudentInit::kFile;
  if (global.student_init == "random") return StudentInit::kRandom;
  if (context.models().Has(StudentRole(context))) return StudentInit::kModelSet;
  Fail(ExitCode::kMissingInput,
       {.file = context.models().folder().string(),
        .field = StudentRole(context),
        .found = "no weights for the student to start from",
        .expected = "a role " + StudentRole(context) + " in models.json, or --student-weights FILE",
        .remedy = "Pre-train one (tint pretrain student), or start from nothing with --student-init random."});
}

InputConfig StudentInput(const StageContext& context) {
  if (ResolveStudentInit(context) == StudentInit::kModelSet)
    return context.models().ReadInputConfig(StudentRole(context));
  InputConfig facts;
  facts.input_size = context.image_size();
  facts.mean = context.task().facts.mean;
  facts.std = context.task().facts.std;
  return facts;
}

void AddStart(const StageContext& context, StageKey* key) {
  if (ResolveStudentInit(context) == StudentInit::kRandom) {
    key->options["student-init"] = "random";
  } else {
    key->models["student start"] = StartSha256(context);
  }
}

std::string StartSha256(const StageContext& context) {
  switch (ResolveStudentInit(context)) {
    case StudentInit::kFile:
      return Sha256OfFile(context.options().global.student_weights);
    case StudentInit::kModelSet:
      return context.models().Require(StudentRole(context)).KeySha256();
    case StudentInit::kRandom:
      break;
  }
  return "random " + std::to_string(context.seed());
}

SizedBackbone OpenStart(const StageContext& context) {
  const StudentSpec spec = Spec(context);
  const c10::Device cpu(c10::kCPU);
  const StudentInit start = ResolveStudentInit(context);
  if (start == StudentInit::kRandom)
    return {BuildBackbone(spec, RandomStream({context.seed(), "student", 0, 0, 0})), FeatureWidth(spec)};
  const InputConfig facts = StudentInput(context);
  if (facts.input_size != context.image_size())
    Fail(ExitCode::kBadConfiguration, {.field = "image-size",
                                       .found = std::to_string(context.image_size()),
                                       .expected = std::to_string(facts.input_size) + ", the input size of " +
                                                   StudentRole(context) + " in models.json"});
  const std::string file = start == StudentInit::kFile ? context.options().global.student_weights
                                                       : context.models().Require(StudentRole(context)).file;
  ScriptModule module = start == StudentInit::kFile
                            ? ScriptModule::FromBytes(context.models().ReadListedFile(file), file, cpu, at::kFloat)
                            : context.models().LoadModule(StudentRole(context), cpu, at::kFloat);
  module.SetTraining(false);
  c10::NoGradGuard no_grad;
  const at::Tensor features = module.Call("forward", {at::zeros({1, 3, spec.image_size, spec.image_size})});
  if (features.dim() != 2)
    Fail(ExitCode::kBadInput, {.file = file,
                               .field = "forward",
                               .found = "an output of shape " + c10::str(features.sizes()),
                               .expected = "features [B, D] of a backbone"});
  SetDropRate(module, spec.drop_rate);
  return {std::move(module), features.size(1)};
}

}  // namespace tint
