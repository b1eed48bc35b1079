#include "trained_model.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <filesystem>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/sha256.h"
#include "tint/models/model_set.h"

namespace tint {

namespace fs = std::filesystem;

void AddTensors(const ScriptModule& module, NamedTensors* tensors) {
  for (const auto& [name, tensor] : module.Parameters()) (*tensors)["parameter." + name] = tensor.detach();
  for (const auto& [name, tensor] : module.Buffers()) (*tensors)["buffer." + name] = tensor;
}

void RestoreTensors(const NamedTensors& tensors, const ScriptModule& module) {
  const c10::NoGradGuard no_grad;
  for (const auto& [name, tensor] : module.Parameters()) tensor.copy_(tensors.at("parameter." + name));
  for (const auto& [name, tensor] : module.Buffers()) tensor.copy_(tensors.at("buffer." + name));
}

void CopyTensors(const NamedTensors& tensors, const ScriptModule& module) {
  const c10::NoGradGuard no_grad;
  for (const auto& own : {module.Parameters(), module.Buffers()}) {
    for (const auto& [name, tensor] : own) tensor.copy_(tensors.at(name));
  }
}

// A tensor of safetensors may not be empty here: a first number that is dropped again.
void AddNumbers(const std::string& name, const std::vector<double>& numbers, NamedTensors* tensors) {
  std::vector<double> all = {0};
  all.insert(all.end(), numbers.begin(), numbers.end());
  (*tensors)[name] = at::tensor(all, at::kDouble);
}

std::vector<double> ReadNumbers(const std::string& name, const NamedTensors& tensors) {
  const at::Tensor& all = tensors.at(name);
  return {all.data_ptr<double>() + 1, all.data_ptr<double>() + all.numel()};
}

void RequireOption(const std::string& value, const std::string& flag, const std::string& meaning) {
  if (value.empty())
    Fail(ExitCode::kUsage, {.field = flag, .found = "not given", .expected = meaning, .remedy = "See --help."});
}

std::string InstallModel(const std::string& models, const std::string& role, const CompletedStage& result,
                         const std::string& file, Json facts) {
  const fs::path folder = models;
  CreateFoldersDurably(folder);
  const std::string name = role + "-" + result.key() + ".pt", bytes = result.Read(file);
  std::error_code ignored;
  if (!fs::exists(folder / name, ignored) || Sha256OfFile(folder / name) != Sha256Hex(bytes))
    WriteFileDurably(folder / name, bytes);
  bool listed = false;
  if (fs::exists(folder / "models.json", ignored)) {
    const ModelSet set = ModelSet::Open(folder);
    listed = set.Has(role) && set.Require(role).sha256 == Sha256Hex(bytes) && set.Require(role).file == name;
  }
  facts["file"] = name;
  if (!listed) LockModels(folder, {{role, facts}});
  return (folder / name).string();
}

}  // namespace tint
