// SPDX-License-Identifier: Apache-2.0
// A folder with models.json: per role the file, its SHA-256, dtype, licence, source, facts and probes.
//
//   {"schema": 1,
//    "roles": {"denoiser": {"file": "denoiser.pt", "sha256": "...", "dtype": "float32", "licence": "...", "source":
//    "...",
//                           "sample_size": 64, ..., "flop_per_sample": 803000000000, "probes": [...]}, ...},
//    "trusted": [{"file": "/home/me/old.pt", "sha256": "..."}]}
//
// configs/models.schema.md says what each member means. TorchScript is code and its loader does not notice flipped
// bits, so a file whose hash is not listed is never opened (Error(kUntrusted), with the line to add), and a listed one
// that changed is Error(kCorrupt).
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tint/base/json.h"
#include "tint/models/modules.h"

namespace tint {

// Names of roles, as keys of models.json: denoiser, autoencoder, text_encoder, tokenizer, upscaler, teacher,
// student-conv4, student-resnet12, inception, clip.
const std::vector<std::string>& KnownRoles();

struct ModelRecord {
  std::string role;
  std::string file;  // a plain name inside the folder
  std::string sha256;
  std::string dtype;
  std::string licence;
  std::string source;
  std::string training_data;  // optional: images and classes it was trained on; "": unknown
  Json facts;                 // the role's whole object

  // What a result that used the model depends on: SHA-256 over the file's hash, the dtype and the facts that computing
  // reads (scale factors, sizes, statistics), not over names, licence, source, training_data and probes.
  std::string KeySha256() const;
  // The same of a teacher's features alone, which do not depend on its classifier's logit_scale and logit_bias.
  std::string FeaturesSha256() const;
};

class ModelSet {
 public:
  // Reads models.json. Absent folder or file: kMissingInput; malformed: kBadConfiguration with line and field; file
  // names with a folder part, unknown roles: likewise. Opens no model.
  static ModelSet Open(const std::filesystem::path& folder);
  // As if FOLDER/models.json had the content `text`.
  static ModelSet Parse(const std::filesystem::path& folder, std::string_view text);

  bool Has(const std::string& role) const;
  // Absent: Error(kMissingInput) that names the role, what needs it and how to get it.
  const ModelRecord& Require(const std::string& role) const;
  // The checked bytes of a role's file.
  std::string ReadChecked(const std::string& role) const;

  Denoiser LoadDenoiser(const c10::Device& device, c10::ScalarType dtype) const;
  Autoencoder LoadAutoencoder(const c10::Device& device) const;  // always float32 (docs/method.md, Autoencoder)
  TextEncoder LoadTextEncoder(const c10::Device& device, c10::ScalarType dtype) const;
  Upscaler LoadUpscaler(const c10::Device& device, c10::ScalarType dtype) const;
  Teacher LoadTeacher(const c10::Device& device, c10::ScalarType dtype) const;
  ScriptModule LoadModule(const std::string& role, const c10::Device& device, c10::ScalarType dtype) const;
  DenoiserConfig ReadDenoiserConfig() const;
  AutoencoderConfig ReadAutoencoderConfig() const;
  // The autoencoder's image_size must be the denoiser's sample_size times spatial_factor: an autoencoder's own
  // configuration may state the size it was trained at. Else Error(kBadConfiguration). Sets without either role pass.
  void CheckImageSize() const;
  TextEncoderConfig ReadTextEncoderConfig() const;
  TeacherConfig ReadTeacherConfig() const;
  // Of a role whose forward takes normalised images: teacher and students.
  InputConfig ReadInputConfig(const std::string& role) const;
  int64_t ReadFeatureWidth(const std::string& role) const;

  // The bytes of a file outside the set (--student-weights FILE), if a role or "trusted" lists its hash. Else
  // Error(kUntrusted) with the hash and the line to add; pickles (.pth, .ckpt, .bin, torch.save): how to convert.
  std::string ReadListedFile(const std::filesystem::path& file) const;

  const std::filesystem::path& folder() const { return folder_; }
  const std::map<std::string, ModelRecord>& records() const { return records_; }
  const JsonDocument& document() const { return document_; }

 private:
  std::filesystem::path folder_;
  std::map<std::string, ModelRecord> records_;
  std::map<std::string, std::string> trusted_;  // SHA-256 to name
  JsonDocument document_;
};

// True for names and contents that a Python pickle has: they are never opened.
bool LooksLikePickle(const std::filesystem::path& file, std::string_view bytes);

// The result of a probe: the largest |found - expected| over the pinned positions (infinite for another shape).
//
// A probe in models.json: {"method": "forward", "inputs": [{"shape": [2, 4, 16, 16], "dtype": "float32", "low": -1,
// "high": 1}, ...], "shape": [2, 4, 16, 16], "positions": [0, 292, ...], "values": [0.31, ...], "tolerance": 1e-4}.
// Element k of an input, in C order, is low + (high - low) frac(k 0.6180339887498949) in double, rounded to float32; of
// an "int64" one, low + 7919 k mod (high - low + 1). Positions count the result's elements in C order.
struct ProbeResult {
  std::string role, method;
  double error = 0, tolerance = 0;
  bool passed = false;
};
// `tint models check`: opens every model of the set on the CPU in its dtype, calls Check() and runs its probes. A
// role without probes gives no result here; a wrong hash or a module that is wrong is an Error.
std::vector<ProbeResult> RunProbes(const ModelSet& set);

// `tint models lock`: writes or completes models.json for the files in `folder` with their roles' names
// (denoiser.pt, ...; or names given in the facts), with the given facts ({"teacher": {"input_size": 224, ...}}): dtype,
// hash, arithmetic and probes are determined by running each module once, on the CPU, after its Check(). What an
// existing models.json says about a file that did not change stays, unless facts are given; of a changed one its facts
// stay and the rest is determined again. Facts that are missing are Error(kBadConfiguration) and nothing is written.
// Returns the roles that it wrote.
std::vector<std::string> LockModels(const std::filesystem::path& folder, const Json& facts, bool write = true);

// Changes one fact of a role in models.json that the module itself does not use, such as a teacher's logit_scale: the
// recorded probes stay.
void ChangeFact(const std::filesystem::path& folder, const std::string& role, const std::string& name,
                const Json& value);

}  // namespace tint
