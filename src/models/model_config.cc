// SPDX-License-Identifier: Apache-2.0
#include "roles.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/models/model_set.h"

namespace tint {
namespace {

// The facts of one role, with its position in the file.
class ConfigReader {
 public:
  ConfigReader(const JsonDocument& document, const std::string& role)
      : document_(document), role_("/roles/" + role + "/") {}

  int64_t Integer(const std::string& name, int64_t low, int64_t high) const {
    return RequireInteger(document_, role_ + name, low, high, ExitCode::kBadConfiguration);
  }
  double Number(const std::string& name, double low, double high) const {
    return RequireNumber(document_, role_ + name, low, high, ExitCode::kBadConfiguration);
  }
  bool Has(const std::string& name) const { return document_.root.contains(Json::json_pointer(role_ + name)); }

  std::string Choice(const std::string& name, const std::vector<std::string>& choices) const {
    const std::string value = RequireString(document_, role_ + name, ExitCode::kBadConfiguration);
    for (const std::string& choice : choices) {
      if (value == choice) return value;
    }
    document_.Fail(ExitCode::kBadConfiguration, role_ + name, "is \"" + Quote(value, 80) + "\"",
                   "one of " + Join(choices, ", "));
  }

  std::vector<double> Channels(const std::string& name, double low, double high) const {
    const size_t count = RequireArray(document_, role_ + name, ExitCode::kBadConfiguration).size();
    if (count != 3) {
      document_.Fail(ExitCode::kBadConfiguration, role_ + name, "is a list of " + std::to_string(count),
                     "three numbers: red, green, blue");
    }
    std::vector<double> values;
    for (int i = 0; i < 3; ++i) values.push_back(Number(name + "/" + std::to_string(i), low, high));
    return values;
  }

 private:
  const JsonDocument& document_;
  std::string role_;
};

}  // namespace

DenoiserConfig ModelSet::ReadDenoiserConfig() const {
  Require("denoiser");
  const ConfigReader read(document_, "denoiser");
  DenoiserConfig facts;
  facts.sample_size = read.Integer("sample_size", 1, 1024);
  facts.latent_channels = read.Integer("latent_channels", 1, 256);
  facts.context_length = read.Integer("context_length", 1, 4096);
  facts.context_width = read.Integer("context_width", 1, 65536);
  // Stable Diffusion 2.x at 768 pixels predicts v: all formulas here would be wrong.
  if (read.Has("prediction_type")) read.Choice("prediction_type", {"epsilon"});
  return facts;
}

AutoencoderConfig ModelSet::ReadAutoencoderConfig() const {
  Require("autoencoder");
  const ConfigReader read(document_, "autoencoder");
  AutoencoderConfig facts;
  facts.scale_factor = read.Number("scale_factor", 1e-6, 1e6);
  facts.image_size = read.Integer("image_size", 1, 8192);
  facts.spatial_factor = read.Integer("spatial_factor", 1, 64);
  return facts;
}

TextEncoderConfig ModelSet::ReadTextEncoderConfig() const {
  Require("text_encoder");
  const ConfigReader read(document_, "text_encoder");
  TextEncoderConfig facts;
  facts.embedding_width = read.Integer("embedding_width", 1, 65536);
  facts.context_width = read.Integer("context_width", 1, 65536);
  facts.context_length = read.Integer("context_length", 1, 4096);
  facts.vocabulary_size = read.Integer("vocabulary_size", 1, 10'000'000);
  return facts;
}

InputConfig ModelSet::ReadInputConfig(const std::string& role) const {
  Require(role);
  const ConfigReader read(document_, role);
  InputConfig facts;
  facts.input_size = read.Integer("input_size", 1, 4096);
  facts.resize_rule = read.Choice("resize_rule", {"bilinear", "bilinear-antialias"});
  facts.mean = read.Channels("mean", -1, 2);
  facts.std = read.Channels("std", 1e-6, 10);
  return facts;
}

int64_t ModelSet::ReadFeatureWidth(const std::string& role) const {
  Require(role);
  return ConfigReader(document_, role).Integer("feature_width", 1, 1'000'000);
}

TeacherConfig ModelSet::ReadTeacherConfig() const {
  TeacherConfig facts;
  facts.input = ReadInputConfig("teacher");
  facts.feature_width = ReadFeatureWidth("teacher");
  const ConfigReader read(document_, "teacher");
  if (read.Has("logit_scale")) facts.logit_scale = read.Number("logit_scale", 1e-6, 1e6);
  if (read.Has("logit_bias")) facts.logit_bias = read.Number("logit_bias", -1e6, 1e6);
  return facts;
}

void ModelSet::CheckImageSize() const {
  if (!Has("denoiser") || !Has("autoencoder")) return;
  const AutoencoderConfig autoencoder = ReadAutoencoderConfig();
  const int64_t sample_size = ReadDenoiserConfig().sample_size, side = sample_size * autoencoder.spatial_factor;
  if (autoencoder.image_size == side) return;
  document_.Fail(ExitCode::kBadConfiguration, "/roles/autoencoder/image_size",
                 "is " + std::to_string(autoencoder.image_size),
                 std::to_string(side) + ", the denoiser's sample_size " + std::to_string(sample_size) +
                     " times spatial_factor " + std::to_string(autoencoder.spatial_factor),
                 "Export the set again with scripts/export_models.py.");
}

}  // namespace tint
