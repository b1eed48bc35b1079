// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>

#include "tint/artifacts/stage_key.h"
#include "tint/stages/run_episode.h"

namespace tint {

// How a run computes.
struct RunSettings {
  c10::Device device{c10::kCPU};
  c10::ScalarType dtype = c10::ScalarType::Float;  // of denoiser, text encoder, upscaler and teacher
  int threads = 1;                                 // number of intra-op threads
  uint64_t seed = 0;
  int64_t image_size = 84;  // side of the student's images, in pixels
};

// A key with everything that is the same for all stages of a run.
StageKey NewKey(const RunSettings& settings, const RunEpisode& episode, const std::string& stage, int64_t version,
                const Json& options);

}  // namespace tint
