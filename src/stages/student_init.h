// The weights a student starts from: a file, the model set's, or random ones.
#pragma once

#include <cstdint>
#include <string>

#include "tint/artifacts/stage_folder.h"
#include "tint/fewshot/student.h"
#include "tint/models/modules.h"
#include "tint/stages/stage.h"

namespace tint {

enum class StudentInit { kFile, kModelSet, kRandom };

std::string StudentRole(const StageContext& context);
// None of the three: Error(kMissingInput) that names them.
StudentInit ResolveStudentInit(const StageContext& context);
// What the start's weights were trained to see: the model set says it for its own, the data set for all others.
InputConfig StudentInput(const StageContext& context);
void AddStart(const StageContext& context, StageKey* key);
// One hash of the start, for what is computed with it.
std::string StartSha256(const StageContext& context);

struct SizedBackbone {
  ScriptModule module;
  int64_t feature_width;
};
// A file may hold any backbone: what it gives for one black image tells its width. Input size other than the run's
// image size: Error(kBadConfiguration).
SizedBackbone OpenStart(const StageContext& context);

}  // namespace tint
