// A folder with models.json: per role the file, its SHA-256, dtype, licence, source, facts and probes.
//
// TorchScript is code and its loader does not notice flipped bits, so a file whose hash is not listed is never opened
// (Error(kUntrusted), with the line to add), and a listed one that changed is Error(kCorrupt).
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tint/base/json.h"
#include "tint/models/modules.h"

namespace tint {

// Names of roles, as keys of models.json: denoiser, autoencoder, text_encoder, tokenizer, upscaler, teacher, student-conv4,
// student-resnet12, inception, clip.
const std::vector<std::string>& KnownRoles();

struct ModelRecord {
  std::string role;
  std::string file;     // a plain name inside the folder
  std::string sha256;
  std::string dtype;
  std::string licence;
  std::string source;
  Json facts;           // the role's whole object
};

class ModelSet {
 public:
  // Reads models.json. Absent folder or file: kMissingInput; malformed: kBadConfiguration with line and field; file names with a
  // folder part, unknown roles: likewise. Opens no model.
  static ModelSet Open(const std::filesystem::path& folder);

  bool Has(const std::string& role) const;
  // Absent: Error(kMissingInput) that names the role, what needs it and how to get it.
  const ModelRecord& Require(const std::string& role) const;
  // The checked bytes of a role's file.
  std::string ReadChecked(const std::string& role) const;

  Denoiser LoadDenoiser(const c10::Device& device, c10::ScalarType dtype) const;
  Autoencoder LoadAutoencoder(const c10::Device& device) const;  // always float32 (method.md S3)
  TextEncoder LoadTextEncoder(const c10::Device& device, c10::ScalarType dtype) const;
  Upscaler LoadUpscaler(const c10::Device& device, c10::ScalarType dtype) const;
  Teacher LoadTeacher(const c10::Device& device, c10::ScalarType dtype) const;
  ScriptModule LoadModule(const std::string& role, const c10::Device& device, c10::ScalarType dtype) const;
  DenoiserFacts ReadDenoiserFacts() const;
  AutoencoderFacts ReadAutoencoderFacts() const;
  TextEncoderFacts ReadTextEncoderFacts() const;
  TeacherFacts ReadTeacherFacts() const;

  const std::filesystem::path& folder() const { return folder_; }
  const std::map<std::string, ModelRecord>& records() const { return records_; }

 private:
  std::filesystem::path folder_;
  std::map<std::string, ModelRecord> records_;
  JsonDocument document_;
};

// One probe's verdict: the largest |found - expected| over the pinned positions.
struct ProbeResult {
  std::string role, method;
  double error = 0, tolerance = 0;
  bool passed = false;
};
// Opens every model of the set on the CPU in its own dtype and runs its probes (`tint models check`).
std::vector<ProbeResult> RunProbes(const ModelSet& set);

// `tint models lock`: writes or completes models.json for the files that stand in `folder` under their role names
// (denoiser.pt, ...), with the given facts ({"teacher": {"input_size": 224, ...}}); probes are recorded by running the
// modules once. Keeps what an existing models.json says about files that did not change. Returns the roles it wrote.
std::vector<std::string> LockModels(const std::filesystem::path& folder, const Json& facts);

}  // namespace tint
