// SPDX-License-Identifier: Apache-2.0
// A stage: opens what earlier stages wrote, calls the mathematics, saves a folder. Stages share nothing but files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_writer.h"
#include "tint/models/model_set.h"
#include "tint/stages/run_episode.h"
#include "tint/stages/run_settings.h"

namespace tint {

using StageResults = std::map<std::string, CompletedStage>;

// What a stage costs at best: FLOP at the device's measured matmul rate; 0 = unknown.
struct StageEstimate {
  double flop = 0;
  uint64_t disk_bytes = 0;
  std::string note;
};

// Made with its own options. Episode, settings and models outlive it.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::string name() const = 0;
  // Earlier stages that it reads, and models that it opens.
  virtual std::vector<std::string> needs() const = 0;
  virtual std::vector<std::string> roles() const = 0;
  // What can be known before any work: all models there, enough classes, initial weights of the student. Throws as Run
  // would.
  virtual void Check() const;
  // `earlier` holds all of needs(). Reads no more of the inputs than their hashes require.
  virtual StageKey Key(const StageResults& earlier) const = 0;
  // True where Run only imports a user's file: then later stages' own commands run it on the way.
  virtual bool OnlyImports() const { return false; }
  virtual StageEstimate Estimate() const = 0;
  // Does the work and returns the metrics that done.json keeps. Polls StopRequested() at its safe points.
  virtual Json Run(const StageResults& earlier, StageWriter& writer) const = 0;

 protected:
  Stage(const RunEpisode& episode, const RunSettings& settings, const ModelSet& models)
      : episode_(episode), settings_(settings), models_(models) {}
  StageKey NewKey(int64_t version, const Json& options) const;
  // Enters the content of needs() and the models of roles().
  void AddNeeds(const StageResults& earlier, StageKey* key) const;
  void AddModels(StageKey* key) const;
  // FLOP of one sample of a role as models.json states it ("flop_per_sample"); 0 if it does not.
  double FlopPerSample(const std::string& role) const;

  const RunEpisode& episode_;
  const RunSettings& settings_;
  const ModelSet& models_;
};

}  // namespace tint
