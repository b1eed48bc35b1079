// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/run_settings.h"

#include "tint/base/json.h"
#include "tint/tensor/device.h"
#include "tint/tensor/dtype.h"

namespace tint {

StageKey NewKey(const RunSettings& settings, const RunEpisode& episode, const std::string& stage, int64_t version,
                const Json& options) {
  StageKey key;
  key.stage = stage;
  key.version = version;
  key.options = options;
  key.seed = settings.seed;
  key.episode_idx = episode.stream_index();
  key.device = DeviceClass(settings.device);
  key.dtype = DtypeName(settings.dtype);
  key.threads = settings.threads;
  return key;
}

}  // namespace tint
