// What pretrain student and pretrain teacher share: a module's tensors in checkpoints, and the way into a model set.
#pragma once

#include <string>
#include <vector>

#include "tint/artifacts/stage_folder.h"
#include "tint/base/json.h"
#include "tint/models/script_module.h"
#include "tint/tensor/safetensors.h"

namespace tint {

// "parameter.NAME" and "buffer.NAME".
void AddTensors(const ScriptModule& module, NamedTensors* tensors);
void RestoreTensors(const NamedTensors& tensors, const ScriptModule& module);
// Parameters and buffers by their bare names.
void CopyTensors(const NamedTensors& tensors, const ScriptModule& module);

// Numbers of any count, also none.
void AddNumbers(const std::string& name, const std::vector<double>& numbers, NamedTensors* tensors);
std::vector<double> ReadNumbers(const std::string& name, const NamedTensors& tensors);

void RequireOption(const std::string& value, const std::string& flag, const std::string& meaning);

// Copies `file` of the result into the set in `models` as <role>-<key>.pt, then makes models.json name it with `facts`:
// a reader sees the old model or the new one. The set is made if it is not there. Gives the file's path.
std::string InstallModel(const std::string& models, const std::string& role, const CompletedStage& result,
                         const std::string& file, Json facts);

}  // namespace tint
