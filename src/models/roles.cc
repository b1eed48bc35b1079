// SPDX-License-Identifier: Apache-2.0
#include "roles.h"

#include <algorithm>

#include "tint/base/error.h"
#include "tint/models/role_guide.h"

namespace tint {
namespace internal {
namespace {

const char kExport[] = "Export it with scripts/export_models.py, or put the file there and run `tint models lock`.";

const std::vector<std::string> kInput = {"input_size", "resize_rule", "mean", "std", "feature_width"};

}  // namespace

const std::vector<RoleRule>& RoleRules() {
  static const std::vector<RoleRule> rules = {
      {"denoiser",
       "denoiser.pt",
       {"sample_size", "latent_channels", "context_length", "context_width"},
       {"prediction_type"},
       "textual-inversion, null-text-inversion and generate",
       kExport},
      {"autoencoder",
       "autoencoder.pt",
       {"scale_factor", "image_size", "spatial_factor"},
       {},
       "textual-inversion, null-text-inversion and generate",
       kExport},
      {"text_encoder",
       "text_encoder.pt",
       {"embedding_width", "context_width", "context_length", "vocabulary_size"},
       {},
       "textual-inversion, null-text-inversion and generate",
       kExport},
      {"tokenizer", "tokenizer.model", {}, {}, "textual-inversion, null-text-inversion and generate", kExport, false},
      {"upscaler", "upscaler.pt", {"factor"}, {"side_multiple"}, "super-resolve", kExport},
      {"teacher",
       "teacher.pt",
       kInput,
       {"logit_scale", "logit_bias"},
       "distill",
       "Export it with scripts/export_models.py or train it with `tint pretrain teacher`."},
      {"student-conv4",
       "student-conv4.pt",
       kInput,
       {},
       "distill",
       "Train it with `tint pretrain student`, or start from random weights with --student-init random."},
      {"student-resnet12",
       "student-resnet12.pt",
       kInput,
       {},
       "distill",
       "Train it with `tint pretrain student`, or start from random weights with --student-init random."},
      {"inception", "inception.pt", {"feature_width"}, {}, "fid", kExport},
      {"clip", "clip.pt", {"input_size", "context_length", "feature_width"}, {}, "mining and scores", kExport},
  };
  return rules;
}

const RoleRule& FindRule(const std::string& role) {
  const auto& rules = RoleRules();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const RoleRule& rule) { return rule.role == role; });
  TINT_CHECK(found != rules.end()) << role;
  return *found;
}

bool IsSha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace internal

const std::vector<std::string>& KnownRoles() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> roles;
    for (const auto& rule : internal::RoleRules()) roles.push_back(rule.role);
    return roles;
  }();
  return names;
}

std::vector<RoleGuide> RoleGuides() {
  std::vector<RoleGuide> guides;
  for (const auto& rule : internal::RoleRules()) guides.push_back({rule.role, rule.needed_by, rule.remedy});
  return guides;
}

std::string RoleFileName(const std::string& role) { return internal::FindRule(role).file; }

}  // namespace tint
