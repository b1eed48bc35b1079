// SPDX-License-Identifier: Apache-2.0
// All options of a run: the global ones and those of each stage, declared once.
#pragma once

#include <cstdint>
#include <string>

#include "tint/fewshot/distill.h"
#include "tint/image/resize.h"
#include "tint/inversion/null_text.h"
#include "tint/inversion/textual_inversion.h"
#include "tint/options/resolve.h"
#include "tint/options/shared_options.h"

namespace tint {

enum class InitialWeights { kPretrained, kRandom };
template <>
struct EnumNames<InitialWeights> {
  static constexpr EnumName<InitialWeights> kNames[] = {{InitialWeights::kPretrained, "pretrained"},
                                                        {InitialWeights::kRandom, "random"}};
};

// Understood by every command of the pipeline; the stages decide which of them enter their keys.
struct GlobalOptions {
  std::string run;
  std::string models;
  std::string dataset;
  std::string episodes;
  int64_t episode = 0;
  std::string support;
  std::string query;
  int64_t queries = 0;
  std::string base = "auto";
  std::string synthetic_folder;
  std::string student = "conv4";
  std::string student_weights;
  InitialWeights student_init = InitialWeights::kPretrained;
  int64_t image_size = 0;
  int64_t seed = 0;
  std::string device = "auto";
  std::string dtype = "float32";
  int64_t threads = 0;

  void Declare(OptionList& list);

 private:
  void DeclareStudent(OptionList& list);
};

// Whether photos go through the upscaler; kAuto: those smaller than the result.
enum class UseUpscaler { kAuto, kAlways, kNever };
template <>
struct EnumNames<UseUpscaler> {
  static constexpr EnumName<UseUpscaler> kNames[] = {
      {UseUpscaler::kAuto, "auto"}, {UseUpscaler::kAlways, "always"}, {UseUpscaler::kNever, "never"}};
};

enum class FinalResize { kAntialias, kBilinear };
template <>
struct EnumNames<FinalResize> {
  static constexpr EnumName<FinalResize> kNames[] = {{FinalResize::kAntialias, "antialias"},
                                                     {FinalResize::kBilinear, "bilinear"}};
};

struct SuperResolveOptions {
  UseUpscaler super_resolution = UseUpscaler::kAuto;
  SquareRule square = SquareRule::kCrop;
  int64_t pre_size = 96;
  int64_t post_size = 0;
  FinalResize resize = FinalResize::kAntialias;
  int64_t tile = 0;  // pixels of the photo; 0: the whole
  int64_t tile_overlap = 32;

  void Declare(OptionList& list);
};

struct GenerateOptions {
  int64_t images = 4000;
  double alpha = 1.0;
  bool random_alpha = false;
  double guidance = 7.5;
  Sampler sampler = Sampler::kDdim;
  int64_t support = -1;  // index of the one photo to vary; -1: any
  bool keep_originals = false;
  int64_t batch_size = 0;  // images of one batch; 0: by the device

  void Declare(OptionList& list);
};

// What is scored, and by what. Method, backbone and count enter no key: the pipeline scores its distilled student.
// kDistilled: the student of a run; the others classify features (ClassifyFeatures).
enum class ScoringMethod { kDistilled, kNearestCentroid, kLogisticRegression };
template <>
struct EnumNames<ScoringMethod> {
  static constexpr EnumName<ScoringMethod> kNames[] = {{ScoringMethod::kDistilled, "distilled"},
                                                       {ScoringMethod::kNearestCentroid, "nearest-centroid"},
                                                       {ScoringMethod::kLogisticRegression, "logistic-regression"}};
};

enum class FeatureBackbone { kStudent, kTeacher };
template <>
struct EnumNames<FeatureBackbone> {
  static constexpr EnumName<FeatureBackbone> kNames[] = {{FeatureBackbone::kStudent, "student"},
                                                         {FeatureBackbone::kTeacher, "teacher"}};
};

struct EvaluateOptions {
  ScoringMethod method = ScoringMethod::kDistilled;
  FeatureBackbone backbone = FeatureBackbone::kStudent;
  int64_t count = 0;
  double near_duplicate_cosine = 0.97;

  void Declare(OptionList& list);
};

struct RunOptions {
  GlobalOptions global;
  SuperResolveOptions super_resolve;
  TextualInversionOptions textual_inversion;
  NullTextOptions null_text;
  GenerateOptions generate;
  DistillOptions distill;
  EvaluateOptions evaluate;

  // Global options under "", each stage's under its name.
  void Declare(CommandOptions& command);
};

// The names of the stages, in the order of the pipeline.
const std::vector<std::string>& StageNames();

}  // namespace tint
