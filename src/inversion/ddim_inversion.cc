// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/ddim_inversion.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace tint {

std::vector<at::Tensor> InvertDdim(const Denoiser& denoiser, const NoiseSchedule& schedule, const at::Tensor& start,
                                   const std::vector<int64_t>& timesteps, const at::Tensor& context,
                                   const std::function<void()>& after_step) {
  c10::NoGradGuard no_grad;
  const int64_t photos = start.size(0);
  const at::Tensor steering = context.size(0) == photos ? context : context.expand({photos, -1, -1});
  std::vector<at::Tensor> path{start};
  int64_t from = 0;
  for (auto to = timesteps.rbegin(); to != timesteps.rend(); ++to) {
    // The destination's timestep, not the origin's: the published programs of both null-text inversion and TINT do so.
    const at::Tensor timestep = at::full({photos}, *to, at::TensorOptions().dtype(at::kLong).device(start.device()));
    const at::Tensor noise = denoiser.PredictNoise(path.back(), timestep, steering);
    path.push_back(DdimMove(path.back(), noise, schedule.AlphaBar(from), schedule.AlphaBar(*to)));
    from = *to;
    if (after_step) after_step();
  }
  return path;
}

}  // namespace tint
