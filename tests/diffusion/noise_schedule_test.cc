// SPDX-License-Identifier: Apache-2.0
#include "tint/diffusion/noise_schedule.h"

#include <cmath>

#include "prelude.h"

namespace tint {
namespace {

// diffusers 0.42.1, DDIMScheduler(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012,
// beta_schedule="scaled_linear").alphas_cumprod[t], which it computes in float32.
TEST(NoiseSchedule, EqualsDiffusers) {
  const NoiseSchedule schedule;
  const std::pair<int64_t, double> pins[] = {
      {0, 0.9991499781608582},    {1, 0.9982960224151611},     {19, 0.9822439551353455},
      {250, 0.67379230260849},    {499, 0.27766942977905273},  {500, 0.27633246779441833},
      {750, 0.05616980418562889}, {981, 0.005775495897978544}, {999, 0.00466009508818388}};
  for (const auto& [timestep, expected] : pins) EXPECT_NEAR(schedule.AlphaBar(timestep), expected, 1e-6) << timestep;
  EXPECT_DOUBLE_EQ(schedule.AlphaBar(0), 1 - 0.00085);
}

TEST(NoiseSchedule, OnlyFalls) {
  const NoiseSchedule schedule;
  ASSERT_THAT(schedule.alpha_bars(), SizeIs(1000));
  for (int64_t t = 1; t < 1000; ++t) EXPECT_LT(schedule.AlphaBar(t), schedule.AlphaBar(t - 1)) << t;
}

TEST(NoiseSchedule, HasNoTimestepOutside) {
  EXPECT_THAT(CatchError([] { NoiseSchedule().AlphaBar(-1); }), FailsWith(ExitCode::kInternal, HasSubstr("-1")));
  EXPECT_THAT(CatchError([] { NoiseSchedule().AlphaBar(1000); }), FailsWith(ExitCode::kInternal, HasSubstr("1000")));
}

// diffusers 0.42.1: DDIMScheduler(timestep_spacing=..., steps_offset=1).set_timesteps(N).timesteps.
TEST(SamplerTimesteps, EqualDiffusers) {
  EXPECT_THAT(SamplerTimesteps(5, TimestepSpacing::kTrailing), ElementsAre(999, 799, 599, 399, 199));
  EXPECT_THAT(SamplerTimesteps(7, TimestepSpacing::kTrailing), ElementsAre(999, 856, 713, 570, 428, 285, 142));
  EXPECT_THAT(SamplerTimesteps(1, TimestepSpacing::kTrailing), ElementsAre(999));
  EXPECT_THAT(SamplerTimesteps(5, TimestepSpacing::kLeading), ElementsAre(801, 601, 401, 201, 1));
  EXPECT_THAT(SamplerTimesteps(7, TimestepSpacing::kLeading), ElementsAre(853, 711, 569, 427, 285, 143, 1));
  EXPECT_THAT(SamplerTimesteps(1, TimestepSpacing::kLeading), ElementsAre(1));
  const auto trailing = SamplerTimesteps(50, TimestepSpacing::kTrailing),
             leading = SamplerTimesteps(50, TimestepSpacing::kLeading);
  ASSERT_THAT(trailing, SizeIs(50));
  ASSERT_THAT(leading, SizeIs(50));
  for (int64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(trailing[static_cast<size_t>(i)], 999 - 20 * i);
    EXPECT_EQ(leading[static_cast<size_t>(i)], 981 - 20 * i);
  }
}

TEST(SamplerTimesteps, FallStrictlyInsideTheScheduleForEveryCount) {
  for (const TimestepSpacing spacing : {TimestepSpacing::kTrailing, TimestepSpacing::kLeading}) {
    for (int64_t steps = 1; steps < 1000; ++steps) {
      const auto timesteps = SamplerTimesteps(steps, spacing);
      ASSERT_THAT(timesteps, SizeIs(static_cast<size_t>(steps)));
      ASSERT_LE(timesteps.front(), 999) << steps;
      ASSERT_GE(timesteps.back(), 0) << steps;
      for (size_t i = 1; i < timesteps.size(); ++i)
        ASSERT_LT(timesteps[i], timesteps[i - 1]) << ToString(spacing) << steps;
    }
  }
  EXPECT_EQ(SamplerTimesteps(1000, TimestepSpacing::kTrailing).back(), 0);
}

TEST(SamplerTimesteps, RefuseImpossibleNumbers) {
  const auto fails = [](int64_t steps, TimestepSpacing spacing, const std::string& found) {
    EXPECT_THAT(CatchError([&] { SamplerTimesteps(steps, spacing); }),
                FailsWith(ExitCode::kBadConfiguration, HasSubstr(found)));
  };
  fails(0, TimestepSpacing::kTrailing, "steps: 0");
  fails(1001, TimestepSpacing::kTrailing, "1001");
  fails(1000, TimestepSpacing::kLeading, "999");
  EXPECT_EQ(FromString<TimestepSpacing>("Trailing"), std::nullopt);
}

}  // namespace
}  // namespace tint
