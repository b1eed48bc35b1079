// SPDX-License-Identifier: Apache-2.0
// The weights a student starts from: a file, the model set's, or random ones.
#pragma once

#include <cstdint>
#include <string>

#include "tint/artifacts/stage_key.h"
#include "tint/base/json.h"
#include "tint/fewshot/student_options.h"
#include "tint/models/model_set.h"
#include "tint/stages/run_episode.h"
#include "tint/stages/run_settings.h"

namespace tint {

struct StudentChoice {
  std::string architecture;  // "conv4", "resnet12"
  std::string weights_file;  // --student-weights, or ""
  bool random = false;       // --student-init random
  StudentOptions options;
};

struct SizedBackbone {
  ScriptModule module;
  int64_t feature_width;
};

class StudentInit {
 public:
  enum class Kind { kFile, kModelSet, kRandom };

  StudentInit(StudentChoice choice, const RunEpisode& episode, const RunSettings& settings, const ModelSet& models)
      : choice_(std::move(choice)), episode_(episode), settings_(settings), models_(models) {}

  const std::string& architecture() const { return choice_.architecture; }
  std::string role() const { return "student-" + choice_.architecture; }
  // None of the three: Error(kMissingInput) that names them. So do all members below.
  Kind kind() const;
  // What the weights were trained to see: the model set says it for its own, the data set for all others.
  InputConfig Input() const;
  // Options that change what random weights compute; {} for weights of a file.
  Json RandomOptions() const;
  void AddTo(StageKey* key) const;
  // One hash of the weights, for what is computed with them.
  std::string Sha256() const;
  // On the CPU. A file may hold any backbone: its features of one black image give its width. Input size other than the
  // run's image size: Error(kBadConfiguration).
  SizedBackbone Open() const;

 private:
  SizedBackbone OpenRandom() const;
  ScriptModule OpenFile(const std::string& file) const;

  StudentChoice choice_;
  const RunEpisode& episode_;
  const RunSettings& settings_;
  const ModelSet& models_;
};

}  // namespace tint
