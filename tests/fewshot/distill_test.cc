// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/distill.h"

#include <ATen/ATen.h>
#include <torch/optim/sgd.h>

#include <cmath>

#include "distill_batch.h"
#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/image/augment.h"
#include "tint/models/training.h"
#include "toy_world.h"

namespace tint {
namespace {

using testing::kToyMean;
using testing::kToyStd;
using testing::RunToy;
using testing::TensorEquals;
using testing::ToyOptions;
using testing::ToySources;
using testing::ToyStudent;

const c10::Device kCpu(c10::kCPU);

DistillState Start() {
  DistillState state;
  state.student = ToyStudent();
  return state;
}

void ExpectSameParameters(const ScriptModule& found, const ScriptModule& expected) {
  const auto ours = found.Parameters(), theirs = expected.Parameters();
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_THAT(ours[i].second.detach(), TensorEquals(theirs[i].second.detach())) << ours[i].first;
  }
}

// One pass of torch::optim::SGD over the same images in the same order, which the streams of the header fix.
void ReferenceSteps(const ScriptModule& student, const DistillSource& source, const DistillOptions& options,
                    int64_t first, int64_t last, torch::optim::SGD& sgd) {
  const int64_t count = source.images.size(0);
  for (int64_t step = first; step < last; ++step) {
    for (auto& group : sgd.param_groups()) {
      static_cast<torch::optim::SGDOptions&>(group.options()).lr(DistillLearningRate(options, step));
    }
    const auto order = RandomStream({7, "distill/support/order", 3, 0, static_cast<uint64_t>(step)}).Permutation(count);
    const at::Tensor rows = at::tensor(order, at::kLong);
    const at::Tensor images = Normalize(source.images.index_select(0, rows), kToyMean, kToyStd);
    sgd.zero_grad();
    const ScriptModule twin = FuseForTraining(student);
    twin.SetTraining(true);
    const at::Tensor logits = twin.Call("forward", {images.contiguous(at::MemoryFormat::ChannelsLast)});
    CrossEntropyLoss(logits, source.labels.index_select(0, rows)).backward();
    sgd.step();
  }
}

torch::optim::SGD ReferenceSgd(const ScriptModule& student, const DistillOptions& options) {
  std::vector<at::Tensor> parameters;
  for (const auto& [name, parameter] : student.Parameters()) parameters.push_back(parameter);
  return torch::optim::SGD(
      parameters,
      torch::optim::SGDOptions(options.learning_rate).momentum(options.momentum).weight_decay(options.weight_decay));
}

// Ours goes through bytes after step 3 (of 6, learning rate reduced after 3), LibTorch's runs through.
TEST(RunDistill, EqualsTorchSgdBitForBitAlsoWhenResumed) {
  const std::vector<DistillSource> sources = {ToySources()[0]};
  DistillOptions options = ToyOptions(6);
  options.batch_size = sources[0].images.size(0);
  const ScriptModule reference = ToyStudent();
  torch::optim::SGD sgd = ReferenceSgd(reference, options);
  ReferenceSteps(reference, sources[0], options, 0, 6, sgd);

  DistillState state = Start(), half;
  RunDistill(sources, options, kToyMean, kToyStd, {7, 3}, &state, [&](const DistillState& now) {
    if (now.step != 3) return;
    half.student = ScriptModule::FromBytes(now.student.ToBytes(), "student.pt", kCpu);
    for (const auto& [name, momentum] : now.momenta) half.momenta[name] = momentum.clone();
    half.losses = now.losses.clone();
    half.step = now.step;
  });
  ExpectSameParameters(state.student, reference);
  ASSERT_EQ(half.step, 3);
  RunToy(sources, options, &half);
  ExpectSameParameters(half.student, reference);
}

// Near the losses in float32, not equal to them; parameters stay float32.
TEST(RunDistill, Bfloat16IsNear) {
  const std::vector<DistillSource> sources = ToySources();
  DistillOptions options = ToyOptions(4);
  DistillState exact = Start(), state = Start();
  RunToy(sources, options, &exact);
  options.precision = TrainingPrecision::kBfloat16;
  RunToy(sources, options, &state);
  for (const auto& [name, parameter] : state.student.Parameters())
    EXPECT_EQ(parameter.scalar_type(), at::kFloat) << name;
  const at::Tensor difference = (state.losses - exact.losses).abs();
  EXPECT_GT(difference.max().item<double>(), 0);
  EXPECT_LT(difference.max().item<double>(), 0.05 * exact.losses.max().item<double>());
}

// All that a restart carries: the student's bytes, momenta, losses, step.
DistillState Revive(const DistillState& state) {
  DistillState revived;
  revived.student = ScriptModule::FromBytes(state.student.ToBytes(), "student.pt", kCpu);
  for (const auto& [name, momentum] : state.momenta) revived.momenta[name] = momentum.contiguous().clone();
  revived.losses = state.losses.clone();
  revived.step = state.step;
  return revived;
}

struct Interrupted {};

TEST(RunDistill, ResumingGivesTheSameBits) {
  DistillOptions options = ToyOptions(10);
  options.augmentation.flip_probability = 0.5;
  options.augmentation.color_jitter = 0.4;
  options.augmentation.crop_padding = 4;
  DistillState through = Start(), stopped = Start();
  RunToy(ToySources(), options, &through);
  auto stop = [](const DistillState& now) {
    if (now.step == 4) throw Interrupted();
  };
  EXPECT_THROW(RunDistill(ToySources(), options, kToyMean, kToyStd, {7, 3}, &stopped, stop), Interrupted);
  DistillState revived = Revive(stopped);
  RunToy(ToySources(), options, &revived);
  EXPECT_EQ(revived.student.ToBytes(), through.student.ToBytes());
  EXPECT_THAT(revived.losses, TensorEquals(through.losses));
  for (const auto& [name, momentum] : through.momenta) {
    EXPECT_THAT(revived.momenta.at(name), TensorEquals(momentum)) << name;
  }
}

TEST(RunDistill, SeedAndEpisodeChangeTheResult) {
  auto run = [](const DistillStreams& streams) {
    DistillState state = Start();
    RunDistill(ToySources(), ToyOptions(2), kToyMean, kToyStd, streams, &state);
    return state.student.ToBytes();
  };
  EXPECT_EQ(run({7, 3}), run({7, 3}));
  EXPECT_NE(run({7, 3}), run({8, 3}));
  EXPECT_NE(run({7, 3}), run({7, 4}));
}

TEST(RunDistill, RecordsTheLossOfEachSourceAndNothingElsewhere) {
  const std::vector<DistillSource> sources = {ToySources()[0], ToySources()[2]};
  DistillState state = Start();
  std::vector<int64_t> steps;
  RunDistill(sources, ToyOptions(3), kToyMean, kToyStd, {7, 3}, &state,
             [&](const DistillState& now) { steps.push_back(now.step); });
  EXPECT_EQ(steps, (std::vector<int64_t>{1, 2, 3}));
  ASSERT_EQ(state.losses.sizes(), (std::vector<int64_t>{3, 3}));
  const at::Tensor finite = state.losses.isfinite();
  const at::Tensor expected = at::tensor({1, 0, 1}, at::kLong).to(at::kBool).expand({3, 3});
  EXPECT_THAT(finite, TensorEquals(expected.contiguous()));
  EXPECT_FALSE(state.student.Call("forward", {at::zeros({1, 3, 16, 16})}).isnan().any().item<bool>());
}

TEST(AugmentInThreads, DoesNotDependOnTheNumberOfThreads) {
  const at::Tensor images = testing::MakeToyImages(70, "threads").images;
  std::vector<RandomStream> streams;
  for (uint64_t i = 0; i < 70; ++i) streams.emplace_back(StreamKey{1, "threads", 0, 0, i});
  std::vector<RandomStream> copies = streams;
  const AugmentOptions options = {4, 0.4, 0.5};
  const at::Tensor expected = Augment(images, options, copies);
  for (const int threads : {1, 2, 3, 16}) {
    EXPECT_THAT(internal::AugmentInThreads(images, options, streams, threads), TensorEquals(expected)) << threads;
  }
}

TEST(RunDistill, PartsMayDifferByOne) {
  DistillOptions options = ToyOptions(2);
  options.batch_size = 31;
  DistillState state = Start();
  RunToy(ToySources(), options, &state);
  EXPECT_TRUE(state.losses.isfinite().all().item<bool>());
  const auto parts = [&](int64_t batch) {
    options.batch_size = batch;
    const std::vector<DistillSource> sources = ToySources();
    std::vector<int64_t> sizes;
    for (const at::Tensor& rows : internal::BatchMaker(sources, options, {}).Make(0).rows)
      sizes.push_back(rows.size(0));
    return sizes;
  };
  EXPECT_EQ(parts(31), (std::vector<int64_t>{11, 10, 10}));
  EXPECT_EQ(parts(30), (std::vector<int64_t>{10, 10, 10}));
}

// The linear layer has its own learning rate; the first convolution stays where it was when it is to.
TEST(RunDistill, LinearLayerAndFirstConvolutionHaveSeparateRules) {
  DistillOptions options = ToyOptions(1);
  options.momentum = options.weight_decay = 0;
  const auto moved = [&](const DistillOptions& these) {
    DistillState state = Start();
    std::map<std::string, at::Tensor> change;
    for (const auto& [name, parameter] : state.student.Parameters()) change[name] = parameter.detach().clone();
    RunToy(ToySources(), these, &state);
    for (const auto& [name, parameter] : state.student.Parameters()) change[name] = parameter.detach() - change[name];
    return change;
  };
  const auto plain = moved(options);
  options.classifier_learning_rate = 3 * options.learning_rate;
  options.freeze_first_conv = true;
  const auto other = moved(options);
  for (const auto& [name, change] : plain) {
    ASSERT_GT(change.abs().max().item<double>(), 0) << name;
    if (name == "backbone.conv1_weight" || name == "backbone.conv1_bias") {
      EXPECT_EQ(other.at(name).abs().max().item<double>(), 0) << name;
    } else if (name == "weight" || name == "bias") {
      EXPECT_TRUE(at::allclose(other.at(name), 3 * change, 1e-3, 1e-6)) << name;
    } else {
      EXPECT_TRUE(other.at(name).equal(change)) << name;
    }
  }
}

TEST(RunDistill, UsesEveryImageOnceInEachPass) {
  // Only image 0 has another label; in two passes of 3 steps its loss stands out exactly twice.
  std::vector<DistillSource> sources = {ToySources()[0]};
  sources[0].images = at::zeros({9, 3, 16, 16}, at::kByte);
  sources[0].labels = at::zeros({9}, at::kLong);
  sources[0].labels[0] = 1;
  DistillOptions options = ToyOptions(6);
  options.batch_size = 3;
  options.learning_rate = 0;
  DistillState state = Start();
  RunToy(sources, options, &state);
  const at::Tensor losses = state.losses.select(1, 0);
  for (const int64_t pass : {0, 1}) {
    const at::Tensor part = losses.narrow(0, 3 * pass, 3);
    EXPECT_EQ(std::get<0>(at::_unique(at::round(part, 4))).size(0), 2) << part;
  }
}

TEST(RunDistill, DivergenceNamesStepAndLearningRate) {
  DistillOptions options = ToyOptions(20);
  options.learning_rate = 1e30;
  DistillState state = Start();
  EXPECT_THAT(CatchError([&] { RunToy(ToySources(), options, &state); }),
              FailsWith(ExitCode::kInternal, AllOf(HasSubstr("distill: step "), HasSubstr("not finite"),
                                                   HasSubstr("learning rate"), HasSubstr("support "))));
}

// The support's cross-entropy and the base images' distillation: each teaches, and with weight 0 teaches nothing.
TEST(RunDistill, TermsOfWeightZeroHaveNoEffect) {
  DistillOptions options = ToyOptions(2);
  options.weight_decay = 0;
  for (DistillSource source : {ToySources()[0], ToySources()[1]}) {
    DistillState taught = Start(), state = Start();
    RunToy({source}, options, &taught);
    EXPECT_NE(taught.student.Parameters()[0].second.equal(ToyStudent().Parameters()[0].second), true) << source.name;
    source.weight = 0;
    RunToy({source}, options, &state);
    ExpectSameParameters(state.student, ToyStudent());
  }
}

double AccuracyAfterTraining(double learning_rate, double* first_loss = nullptr, double* last_loss = nullptr) {
  const std::vector<DistillSource> sources = ToySources();
  DistillOptions options = ToyOptions(40);
  options.learning_rate = learning_rate;
  DistillState state = Start();
  auto loss = [&] { return FixedImagesLoss(state.student, sources, options, kToyMean, kToyStd); };
  const std::vector<double> before = loss();
  RunToy(sources, options, &state);
  const std::vector<double> after = loss();
  for (size_t i = 0; i < before.size() && first_loss; ++i) {
    first_loss[i] = before[i];
    last_loss[i] = after[i];
  }
  return testing::ToyAccuracy(state.student);
}

TEST(RunDistill, LearnsColouredNoise) {
  double before[3], after[3];
  EXPECT_GT(AccuracyAfterTraining(ToyOptions(40).learning_rate, before, after), 0.95);
  for (int i = 0; i < 3; ++i) EXPECT_LT(after[i], 0.9 * before[i]) << i;
}

TEST(RunDistill, LearnsNothingWithLearningRateZero) { EXPECT_LT(AccuracyAfterTraining(0), 0.6); }

TEST(StudentLogits, DoNotDependOnTheRestOfTheBatch) {
  StudentSpec spec;
  const ScriptModule student =
      BuildClassifier(BuildBackbone(spec, RandomStream({1, "a"})), 1600, 5, true, RandomStream({1, "b"}));
  const at::Tensor images = (RandomStream({2, "images"}).Uniform({100, 3, 84, 84}) * 255).to(at::kByte);
  const at::Tensor all = StudentLogits(student, images, kToyMean, kToyStd, kCpu);
  ASSERT_EQ(all.sizes(), (std::vector<int64_t>{100, 5}));
  for (const int64_t i : {0, 1, 37, 63, 64, 99}) {
    EXPECT_THAT(StudentLogits(student, images.narrow(0, i, 1), kToyMean, kToyStd, kCpu),
                TensorEquals(all.narrow(0, i, 1)))
        << i;
  }
}

}  // namespace
}  // namespace tint
