// SPDX-License-Identifier: Apache-2.0
// `tint bench`: the time of each stage's unit of work on this machine, with a given model set.
//
// The inputs are random, so that only the models are needed. Each unit is timed several times after a warm-up; the
// median counts. FLOP are those that models.json states for the modules; the peak is the rate of a matrix product on
// this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tint/base/json_fwd.h"
#include "tint/fewshot/precision.h"
#include "tint/options/option.h"

namespace tint {

struct BenchOptions {
  std::string models;
  std::string only;  // names of units, separated by commas; empty: all
  std::string device = "auto";
  std::string dtype = "float32";
  int64_t threads = 0;
  int64_t repetitions = 5;
  int64_t classes = 5;  // of a textual-inversion step
  int64_t photos = 5;   // of a null-text batch
  int64_t images = 16;  // of a generated batch
  int64_t steps = 10;   // of generation
  int64_t image_size = 84;
  TrainingPrecision precision = TrainingPrecision::kFloat32;  // of training

  void Declare(OptionList& list);
};

struct BenchRow {
  std::string name;             // "textual-inversion"
  std::string unit;             // "class and step"
  std::vector<double> seconds;  // of one unit, one entry a repetition
  double flop = 0;              // of one unit; 0: unknown
  double Median() const;
};

struct BenchReport {
  std::string device, dtype, precision;  // precision: of training, float32 or bfloat16
  int threads = 1;
  double matmul_rate = 0;  // FLOP/s in this dtype
  double matmul_rate_float32 = 0;
  std::vector<BenchRow> rows;
  std::vector<std::string> left_out;  // "super-resolve: the set has no upscaler"
  Json ToJson() const;
  std::string ToTable() const;
};

// Names of all units, in the order of the pipeline.
const std::vector<std::string>& BenchNames();

BenchReport RunBench(const BenchOptions& options);

}  // namespace tint
