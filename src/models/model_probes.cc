// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "module_checks.h"
#include "role_inputs.h"
#include "roles.h"
#include "tint/base/json.h"
#include "tint/models/flops.h"
#include "tint/tensor/dtype.h"

namespace tint {
namespace {

using internal::InputSize;
using internal::InputSpec;
using internal::MakeInput;
using internal::MethodSpec;
using internal::RoleMethods;

constexpr int64_t kPositions = 8;
const c10::Device kCpu(c10::kCPU);

std::vector<at::Tensor> MakeInputs(const std::vector<InputSpec>& specs, at::ScalarType dtype) {
  std::vector<at::Tensor> inputs;
  for (const InputSpec& spec : specs) inputs.push_back(spec.integers ? MakeInput(spec) : MakeInput(spec).to(dtype));
  return inputs;
}

at::Tensor RunMethod(const ScriptModule& module, const std::string& method, const std::vector<InputSpec>& specs) {
  const c10::NoGradGuard no_grad;
  return module.Call(method, MakeInputs(specs, module.dtype())).to(at::kDouble).contiguous();
}

// Other processors and thread counts sum in another order: a share of the largest value, wide for 8 and 11 bits.
double Tolerance(const at::Tensor& result, at::ScalarType dtype) {
  const double largest = std::max(result.abs().max().item<double>(), 1e-3);
  return largest * (dtype == at::kFloat ? 1e-3 : 5e-2);
}

std::vector<int64_t> ReadSizes(const JsonDocument& document, const std::string& pointer) {
  std::vector<int64_t> sizes;
  const size_t count = RequireArray(document, pointer, ExitCode::kBadConfiguration).size();
  for (size_t i = 0; i < count; ++i) {
    sizes.push_back(
        RequireInteger(document, pointer + "/" + std::to_string(i), 0, int64_t{1} << 40, ExitCode::kBadConfiguration));
  }
  return sizes;
}

InputSpec ReadInput(const JsonDocument& document, const std::string& pointer) {
  RejectUnknownKeys(document, pointer, {"shape", "dtype", "low", "high"}, ExitCode::kBadConfiguration);
  InputSpec spec;
  spec.shape = ReadSizes(document, pointer + "/shape");
  double count = 1;
  for (const int64_t size : spec.shape) count *= static_cast<double>(size);
  if (count > 1e8)
    document.Fail(ExitCode::kBadConfiguration, pointer + "/shape", "is too large", "at most 1e8 elements");
  const std::string dtype = RequireString(document, pointer + "/dtype", ExitCode::kBadConfiguration);
  spec.integers = dtype == "int64";
  if (!spec.integers && dtype != "float32")
    document.Fail(ExitCode::kBadConfiguration, pointer + "/dtype", "is " + dtype, "float32 or int64");
  spec.low = RequireNumber(document, pointer + "/low", -1e9, 1e9, ExitCode::kBadConfiguration);
  spec.high = RequireNumber(document, pointer + "/high", spec.low, 1e9, ExitCode::kBadConfiguration);
  return spec;
}

double LargestError(const JsonDocument& document, const std::string& pointer, const at::Tensor& flat,
                    const std::vector<int64_t>& positions) {
  double largest = 0;
  for (size_t i = 0; i < positions.size(); ++i) {
    const double expected =
        RequireNumber(document, pointer + "/" + std::to_string(i), -1e300, 1e300, ExitCode::kBadConfiguration);
    const double error = positions[i] < flat.numel() ? std::abs(flat[positions[i]].item<double>() - expected) : NAN;
    if (!std::isfinite(error)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, error);
  }
  return largest;
}

ProbeResult RunProbe(const JsonDocument& document, const std::string& pointer, const ScriptModule& module) {
  RejectUnknownKeys(document, pointer, {"method", "inputs", "shape", "positions", "values", "tolerance"},
                    ExitCode::kBadConfiguration);
  ProbeResult probe;
  probe.method = RequireString(document, pointer + "/method", ExitCode::kBadConfiguration);
  probe.tolerance = RequireNumber(document, pointer + "/tolerance", 0, 1e9, ExitCode::kBadConfiguration);
  if (!module.HasMethod(probe.method)) {
    document.Fail(ExitCode::kBadConfiguration, pointer + "/method", "is " + probe.method, "a method of the module");
  }
  std::vector<InputSpec> inputs;
  const size_t count = RequireArray(document, pointer + "/inputs", ExitCode::kBadConfiguration).size();
  for (size_t i = 0; i < count; ++i) inputs.push_back(ReadInput(document, pointer + "/inputs/" + std::to_string(i)));
  const std::vector<int64_t> shape = ReadSizes(document, pointer + "/shape");
  const std::vector<int64_t> positions = ReadSizes(document, pointer + "/positions");
  const size_t values = RequireArray(document, pointer + "/values", ExitCode::kBadConfiguration).size();
  if (values != positions.size() || values == 0) {
    document.Fail(ExitCode::kBadConfiguration, pointer + "/values", "has " + std::to_string(values) + " members",
                  std::to_string(positions.size()) + ", as many as positions, and at least one");
  }
  const at::Tensor result = RunMethod(module, probe.method, inputs);
  probe.error = result.sizes().vec() == shape ? LargestError(document, pointer + "/values", result.flatten(), positions)
                                              : std::numeric_limits<double>::infinity();
  probe.passed = probe.error <= probe.tolerance;
  return probe;
}

}  // namespace

namespace internal {

ScriptModule LoadAndCheck(const ModelSet& set, const std::string& role) {
  const at::ScalarType dtype = ParseDtype(set.Require(role).dtype);
  auto check = [](const auto& model) {
    model.Check();
    return model.module();
  };
  if (role == "denoiser") return check(set.LoadDenoiser(kCpu, dtype));
  if (role == "autoencoder") return check(set.LoadAutoencoder(kCpu));
  if (role == "text_encoder") return check(set.LoadTextEncoder(kCpu, dtype));
  if (role == "upscaler") return check(set.LoadUpscaler(kCpu, dtype));
  if (role == "teacher") return check(set.LoadTeacher(kCpu, dtype));
  const ScriptModule module = set.LoadModule(role, kCpu, dtype);
  module.SetTraining(false);
  ModuleChecker checker(module);
  for (const MethodSpec& spec : RoleMethods(set, role, InputSize::kSmall)) {
    checker.Try(spec.method, MakeInputs(spec.inputs, at::kFloat), spec.result);
  }
  checker.Finish();
  return module;
}

Json RecordProbes(const ModelSet& set, const std::string& role, const ScriptModule& module) {
  Json probes = Json::array();
  for (const MethodSpec& spec : RoleMethods(set, role, InputSize::kSmall)) {
    const at::Tensor result = RunMethod(module, spec.method, spec.inputs), flat = result.flatten();
    Json inputs = Json::array();
    for (const InputSpec& input : spec.inputs) inputs.push_back(ToJson(input));
    std::set<int64_t> positions;
    for (int64_t i = 0; i < kPositions; ++i) positions.insert(i * (flat.numel() - 1) / (kPositions - 1));
    std::vector<double> values;
    for (const int64_t position : positions) values.push_back(flat[position].item<double>());
    probes.push_back({{"method", spec.method},
                      {"inputs", inputs},
                      {"shape", result.sizes().vec()},
                      {"positions", positions},
                      {"values", values},
                      {"tolerance", Tolerance(result, module.dtype())}});
  }
  return probes;
}

int64_t FlopPerSample(const ModelSet& set, const std::string& role, const ScriptModule& module) {
  const MethodSpec spec = RoleMethods(set, role, InputSize::kFull).front();
  return CountFlops([&] { RunMethod(module, spec.method, spec.inputs); });
}

}  // namespace internal

std::vector<ProbeResult> RunProbes(const ModelSet& set) {
  set.CheckImageSize();
  std::vector<ProbeResult> results;
  for (const auto& [role, record] : set.records()) {
    if (!internal::FindRule(role).is_script) {
      set.ReadChecked(role);
      continue;
    }
    const ScriptModule module = internal::LoadAndCheck(set, role);
    if (!record.facts.contains("probes")) continue;
    const std::string pointer = "/roles/" + role + "/probes";
    const size_t count = RequireArray(set.document(), pointer, ExitCode::kBadConfiguration).size();
    for (size_t i = 0; i < count; ++i) {
      results.push_back(RunProbe(set.document(), pointer + "/" + std::to_string(i), module));
      results.back().role = role;
    }
  }
  return results;
}

}  // namespace tint
