// SPDX-License-Identifier: Apache-2.0
#include "tint/models/model_set.h"

#include <algorithm>
#include <cctype>

#include "roles.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"

namespace tint {
namespace {

using internal::FindRule;
using internal::kModelsFile;
using internal::RoleRule;

constexpr char kConvert[] =
    "Python pickles run code when they are opened, so tint does not: convert the file with scripts/export_models.py, "
    "in "
    "a sandbox if you did not make it yourself.";

std::string RequireHash(const JsonDocument& document, const std::string& pointer) {
  const std::string hash = RequireString(document, pointer, ExitCode::kBadConfiguration);
  if (!internal::IsSha256(hash)) {
    document.Fail(ExitCode::kBadConfiguration, pointer, "is \"" + Quote(hash, 80) + "\"",
                  "64 lower-case hexadecimal digits");
  }
  return hash;
}

// A name in the folder itself: none that could lead out of it.
std::string RequireFileName(const JsonDocument& document, const std::string& pointer) {
  const std::string name = RequireString(document, pointer, ExitCode::kBadConfiguration);
  const bool plain = !name.empty() && name.size() <= 255 && name.front() != '.' && name.front() != '-' &&
                     name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
  if (!plain) {
    document.Fail(ExitCode::kBadConfiguration, pointer, "is \"" + Quote(name, 80) + "\"",
                  "the plain name of a file in the model set's folder");
  }
  if (LooksLikePickle(name, ""))
    document.Fail(ExitCode::kUntrusted, pointer, "names a pickle", "TorchScript", kConvert);
  return name;
}

void CheckKeys(const JsonDocument& document, const std::string& pointer, const RoleRule& rule) {
  std::vector<std::string> known = {"file",   "sha256",        "dtype",  "licence",
                                    "source", "training_data", "probes", "flop_per_sample"};
  known.insert(known.end(), rule.facts.begin(), rule.facts.end());
  known.insert(known.end(), rule.optional.begin(), rule.optional.end());
  RejectUnknownKeys(document, pointer, known, ExitCode::kBadConfiguration);
}

ModelRecord ReadRecord(const JsonDocument& document, const std::string& role) {
  const std::string pointer = "/roles/" + role;
  const RoleRule& rule = FindRule(role);
  ModelRecord record;
  record.role = role;
  record.facts = RequireObject(document, pointer, ExitCode::kBadConfiguration);
  CheckKeys(document, pointer, rule);
  record.file = RequireFileName(document, pointer + "/file");
  record.sha256 = RequireHash(document, pointer + "/sha256");
  record.licence = RequireString(document, pointer + "/licence", ExitCode::kBadConfiguration);
  record.source = RequireString(document, pointer + "/source", ExitCode::kBadConfiguration);
  if (record.facts.contains("training_data"))
    record.training_data = RequireString(document, pointer + "/training_data", ExitCode::kBadConfiguration);
  if (!rule.is_script && !record.facts.contains("dtype")) return record;
  record.dtype = RequireString(document, pointer + "/dtype", ExitCode::kBadConfiguration);
  const std::vector<std::string> dtypes = {"float32", "bfloat16", "float16"};
  if (std::find(dtypes.begin(), dtypes.end(), record.dtype) == dtypes.end()) {
    document.Fail(ExitCode::kBadConfiguration, pointer + "/dtype", "is \"" + Quote(record.dtype, 80) + "\"",
                  "one of " + Join(dtypes, ", "));
  }
  return record;
}

std::map<std::string, std::string> ReadTrusted(const JsonDocument& document) {
  std::map<std::string, std::string> trusted;
  if (!document.root.contains("trusted")) return trusted;
  const size_t count = RequireArray(document, "/trusted", ExitCode::kBadConfiguration).size();
  for (size_t i = 0; i < count; ++i) {
    const std::string pointer = "/trusted/" + std::to_string(i);
    RequireObject(document, pointer, ExitCode::kBadConfiguration);
    RejectUnknownKeys(document, pointer, {"file", "sha256"}, ExitCode::kBadConfiguration);
    trusted[RequireHash(document, pointer + "/sha256")] =
        RequireString(document, pointer + "/file", ExitCode::kBadConfiguration);
  }
  return trusted;
}

}  // namespace

bool LooksLikePickle(const std::filesystem::path& file, std::string_view bytes) {
  std::string extension = file.extension();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const char* name : {".pth", ".ckpt", ".bin", ".pkl", ".pickle"}) {
    if (extension == name) return true;
  }
  // Protocol 2 to 5 of pickle; or a zip of torch.save, which has data.pkl but no code.
  if (bytes.size() >= 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) return true;
  return bytes.substr(0, 4) == "PK\x03\x04" && bytes.find("/data.pkl") != std::string_view::npos &&
         bytes.find("/code/") == std::string_view::npos;
}

std::string ModelRecord::KeySha256() const {
  Json read = facts;
  for (const char* member : {"file", "licence", "source", "training_data", "probes", "flop_per_sample"})
    read.erase(member);
  return Sha256Hex(CanonicalJson(read));
}

std::string ModelRecord::FeaturesSha256() const {
  ModelRecord bare = *this;
  for (const char* classifier : {"logit_scale", "logit_bias"}) bare.facts.erase(classifier);
  return bare.KeySha256();
}

ModelSet ModelSet::Open(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / kModelsFile, ignored)) {
    Fail(ExitCode::kMissingInput,
         {.file = folder / kModelsFile,
          .found = "does not exist",
          .expected = "the list of a model set's files and hashes",
          .remedy =
              "Export a set with scripts/export_models.py, or create the list for your files with tint models lock."});
  }
  return Parse(folder, ReadFile(folder / kModelsFile, JsonLimits().max_bytes));
}

ModelSet ModelSet::Parse(const std::filesystem::path& folder, std::string_view text) {
  ModelSet set;
  set.folder_ = folder;
  set.document_ = ParseJson(text, folder / kModelsFile, ExitCode::kBadConfiguration);
  const JsonDocument& document = set.document_;
  RequireObject(document, "", ExitCode::kBadConfiguration);
  const int64_t schema = RequireInteger(document, "/schema", 1, 1'000'000, ExitCode::kBadConfiguration);
  if (schema != internal::kModelsSchema) {
    document.Fail(ExitCode::kBadConfiguration, "/schema", "is " + std::to_string(schema),
                  "1; a newer tint made this set");
  }
  RejectUnknownKeys(document, "", {"schema", "roles", "trusted"}, ExitCode::kBadConfiguration);
  RequireObject(document, "/roles", ExitCode::kBadConfiguration);
  RejectUnknownKeys(document, "/roles", KnownRoles(), ExitCode::kBadConfiguration);
  for (const auto& item : document.root["roles"].items()) set.records_[item.key()] = ReadRecord(document, item.key());
  set.trusted_ = ReadTrusted(document);
  return set;
}

bool ModelSet::Has(const std::string& role) const { return records_.count(role) > 0; }

const ModelRecord& ModelSet::Require(const std::string& role) const {
  const auto found = records_.find(role);
  if (found != records_.end()) return found->second;
  const RoleRule& rule = FindRule(role);
  Fail(ExitCode::kMissingInput, {.file = folder_ / kModelsFile,
                                 .field = role,
                                 .found = "the model set has no such role",
                                 .expected = rule.file + ", which " + rule.needed_by + " needs",
                                 .remedy = rule.remedy});
}

std::string ModelSet::ReadChecked(const std::string& role) const {
  const ModelRecord& record = Require(role);
  const std::filesystem::path path = folder_ / record.file;
  std::string bytes = ReadFile(path);
  const std::string found = Sha256Hex(bytes);
  if (found == record.sha256) return bytes;
  if (LooksLikePickle(path, bytes)) {
    Fail(ExitCode::kUntrusted,
         {.file = path, .found = "is a Python pickle", .expected = "TorchScript", .remedy = kConvert});
  }
  Fail(ExitCode::kCorrupt, {.file = path,
                            .found = "the file has the SHA-256 " + found,
                            .expected = record.sha256 + ", which " + kModelsFile + " lists for the role " + role,
                            .remedy = "Restore the file; if the change is intended, run `tint models lock " +
                                      Quote(folder_.string()) + "`."});
}

std::string ModelSet::ReadListedFile(const std::filesystem::path& file) const {
  std::string bytes = ReadFile(file);
  const std::string hash = Sha256Hex(bytes);
  const bool listed = trusted_.count(hash) > 0 || std::any_of(records_.begin(), records_.end(), [&](const auto& item) {
                        return item.second.sha256 == hash;
                      });
  if (listed) return bytes;
  if (LooksLikePickle(file, bytes)) {
    Fail(ExitCode::kUntrusted,
         {.file = file, .found = "is a Python pickle", .expected = "TorchScript", .remedy = kConvert});
  }
  const Json line = {{"file", file.string()}, {"sha256", hash}};
  Fail(ExitCode::kUntrusted,
       {.file = file,
        .found = "its SHA-256 " + hash + " is not listed in " + Quote((folder_ / kModelsFile).string()),
        .expected = "a file that the model set lists: TorchScript is code",
        .remedy = "If you trust it, add " + line.dump() + " to the list \"trusted\" there."});
}

ScriptModule ModelSet::LoadModule(const std::string& role, const c10::Device& device, c10::ScalarType dtype) const {
  TINT_CHECK(FindRule(role).is_script) << role;
  return ScriptModule::FromBytes(ReadChecked(role), folder_ / Require(role).file, device, dtype);
}

Denoiser ModelSet::LoadDenoiser(const c10::Device& device, c10::ScalarType dtype) const {
  return Denoiser(LoadModule("denoiser", device, dtype), ReadDenoiserConfig());
}

Autoencoder ModelSet::LoadAutoencoder(const c10::Device& device) const {
  return Autoencoder(LoadModule("autoencoder", device, c10::kFloat), ReadAutoencoderConfig());
}

TextEncoder ModelSet::LoadTextEncoder(const c10::Device& device, c10::ScalarType dtype) const {
  return TextEncoder(LoadModule("text_encoder", device, dtype), ReadTextEncoderConfig());
}

Upscaler ModelSet::LoadUpscaler(const c10::Device& device, c10::ScalarType dtype) const {
  const ModelRecord& record = Require("upscaler");
  const int64_t factor = RequireInteger(document_, "/roles/upscaler/factor", 1, 64, ExitCode::kBadConfiguration);
  const bool padded = record.facts.contains("side_multiple");
  const int64_t multiple =
      padded ? RequireInteger(document_, "/roles/upscaler/side_multiple", 1, 1024, ExitCode::kBadConfiguration) : 1;
  return Upscaler(LoadModule("upscaler", device, dtype), factor, multiple);
}

Teacher ModelSet::LoadTeacher(const c10::Device& device, c10::ScalarType dtype) const {
  return Teacher(LoadModule("teacher", device, dtype), ReadTeacherConfig());
}

}  // namespace tint
