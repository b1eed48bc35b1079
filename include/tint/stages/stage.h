// A stage: opens what earlier stages wrote, calls the mathematics, saves a folder. Stages talk only through the disk.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tint/artifacts/run_folder.h"
#include "tint/artifacts/stage_folder.h"
#include "tint/data/episode.h"
#include "tint/models/model_set.h"
#include "tint/stages/options.h"

namespace tint {

// What every stage of a run works with. Opening it checks the run folder, the model list and the episode, so that
// faults of input come before hours of work.
class StageContext {
 public:
  explicit StageContext(const RunOptions& options);

  const RunOptions& options() const { return options_; }
  const RunFolder& run() const { return run_; }  // made by RunPipeline, when all inputs are there
  const Task& task() const { return task_; }
  const ModelSet& models() const { return models_; }
  const c10::Device& device() const { return device_; }
  c10::ScalarType dtype() const { return dtype_; }
  uint64_t seed() const { return static_cast<uint64_t>(options_.global.seed); }
  uint64_t episode_idx() const { return task_.episode_idx; }
  int64_t image_size() const { return image_size_; }  // of the student's images
  int64_t ways() const { return static_cast<int64_t>(task_.classes.size()); }
  int threads() const { return threads_; }
  // Where base images come from; null: there are none. `base_name` is what --base resolved to ("miniimagenet:train",
  // "none").
  const std::shared_ptr<ImageSource>& base_source() const { return base_source_; }
  const std::string& base_name() const { return base_name_; }
  // --synthetic-folder, or null.
  const std::shared_ptr<ImageSource>& synthetic_source() const { return synthetic_source_; }
  // The file's stem for a class's artifacts: its name where that is plain, else "class-003".
  std::string ArtifactName(int64_t class_idx) const;

  // A key with everything that is the same for all stages.
  StageKey NewKey(const std::string& stage, int64_t version, const Json& options) const;

 private:
  RunOptions options_;
  ModelSet models_;
  Task task_;
  int threads_ = 1;
  c10::Device device_;
  c10::ScalarType dtype_;
  int64_t image_size_ = 84;
  std::string base_name_ = "none";
  std::shared_ptr<ImageSource> base_source_, synthetic_source_;
  RunFolder run_;
};

// Whether the student learns from images of this row: else no stage before distil has work to do.
bool UsesGenerated(const StageContext& context);
// The stages of this row, in order: all, or distill and evaluate alone.
std::vector<std::string> PipelineStages(const StageContext& context);

using StageResults = std::map<std::string, CompletedStage>;

// What a stage costs at best: FLOP at the device's measured matmul rate; 0 = unknown.
struct StageEstimate {
  double flop = 0;
  uint64_t disk_bytes = 0;
  std::string note;
};

class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::string name() const = 0;
  // Earlier stages that it reads, and models that it opens, with these options.
  virtual std::vector<std::string> needs(const StageContext& context) const = 0;
  virtual std::vector<std::string> roles(const StageContext& context) const = 0;
  // What can be known before any work: models there, classes enough, a start for the student. Throws as Run would.
  virtual void Check(const StageContext& context) const;
  // `earlier` holds all of needs(). Reads no more of the inputs than their hashes ask for.
  virtual StageKey Key(const StageContext& context, const StageResults& earlier) const = 0;
  // True where Run only takes over a user's file: then later stages' own commands run it on the way.
  virtual bool OnlyImports(const StageContext&) const { return false; }
  virtual StageEstimate Estimate(const StageContext& context) const = 0;
  // Does the work and returns the metrics that done.json keeps. Polls StopRequested() at its safe points.
  virtual Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const = 0;
};

std::unique_ptr<Stage> MakeSuperResolveStage();
std::unique_ptr<Stage> MakeTextualInversionStage();
std::unique_ptr<Stage> MakeNullTextInversionStage();
std::unique_ptr<Stage> MakeGenerateStage();
std::unique_ptr<Stage> MakeDistillStage();
std::unique_ptr<Stage> MakeEvaluateStage();
std::unique_ptr<Stage> MakeStage(const std::string& name);

}  // namespace tint
