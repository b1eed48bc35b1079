// SPDX-License-Identifier: Apache-2.0
#include "parallel_over_batch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <mutex>

#include "files.h"
#include "tensor_matchers.h"
#include "tint/base/error.h"

namespace tint::internal {
namespace {

using tint::testing::TensorNear;

class ParallelOverBatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    at::manual_seed(2);
    at::set_num_threads(2);
  }
  void TearDown() override { at::set_num_threads(threads_); }

  int threads_ = at::get_num_threads();
};

// Samples that do not depend on each other, through an index, a matrix and a curve.
at::Tensor Model(const std::vector<at::Tensor>& in) {
  const at::Tensor table = at::linspace(0.1, 1, 10);
  return at::tanh(in[0] * table.index_select(0, in[1]).unsqueeze(1)).matmul(at::linspace(-1, 1, 12).reshape({4, 3})) +
         in[2].sum(1, true);
}

std::vector<at::Tensor> Inputs(int64_t batch) {
  return {at::randn({batch, 4}), at::randint(0, 10, {batch}, at::kLong), at::randn({batch, 2})};
}

TEST_F(ParallelOverBatchTest, PartsForBatchesAndThreads) {
  EXPECT_EQ(NumShards(1, 2), 1);
  EXPECT_EQ(NumShards(2, 2), 2);
  EXPECT_EQ(NumShards(5, 2), 2);
  EXPECT_EQ(NumShards(5, 1), 1);
  EXPECT_EQ(NumShards(5, 4), 4);    // 5 of 8 places filled
  EXPECT_EQ(NumShards(17, 16), 1);  // 17 of 32
  EXPECT_EQ(NumShards(32, 16), 16);
  EXPECT_EQ(NumShards(5, 64), 1);
}

TEST_F(ParallelOverBatchTest, ValuesAndGradientsAreThoseOfOnePart) {
  for (const int64_t batch : {2, 3, 5, 8}) {
    std::vector<at::Tensor> in = Inputs(batch);
    in[0].requires_grad_();
    in[2].requires_grad_();
    const at::Tensor whole = Model(in), spread = ParallelOverBatch(in, Model), given = at::randn({batch, 3});
    EXPECT_THAT(spread.detach(), TensorNear(whole.detach(), 1e-6));
    const auto expected = torch::autograd::grad({whole}, {in[0], in[2]}, {given});
    const auto found = torch::autograd::grad({spread}, {in[0], in[2]}, {given});
    EXPECT_THAT(found[0], TensorNear(expected[0], 1e-6));
    EXPECT_THAT(found[1], TensorNear(expected[1], 1e-6));
    const c10::NoGradGuard no_grad;
    EXPECT_THAT(ParallelOverBatch(in, Model), TensorNear(whole.detach(), 1e-6));
  }
}

TEST_F(ParallelOverBatchTest, EverySampleGoesThroughOnceInPartsOfEqualSize) {
  std::mutex mutex;
  std::vector<int64_t> sizes;
  auto record = [&](const std::vector<at::Tensor>& in) {
    const std::lock_guard lock(mutex);
    sizes.push_back(in[0].size(0));
    return in[0] + 1;
  };
  const at::Tensor input = at::arange(5).to(at::kFloat).reshape({5, 1});
  EXPECT_THAT(ParallelOverBatch({input}, record), TensorNear(input + 1, 0));
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<int64_t>{2, 3}));
  sizes.clear();
  at::set_num_threads(1);
  ParallelOverBatch({input}, record);
  EXPECT_EQ(sizes, (std::vector<int64_t>{5}));
}

TEST_F(ParallelOverBatchTest, UnusedInputsHaveGradientsOfZero) {
  const at::Tensor used = at::ones({4, 2}).requires_grad_(), unused = at::ones({4, 3}).requires_grad_();
  const at::Tensor output = ParallelOverBatch({used, unused}, [](const auto& in) { return in[0] * 2; });
  const auto gradients = torch::autograd::grad({output.sum()}, {used, unused});
  EXPECT_THAT(gradients[0], TensorNear(at::full({4, 2}, 2.0F), 0));
  EXPECT_THAT(gradients[1], TensorNear(at::zeros({4, 3}), 0));
}

TEST_F(ParallelOverBatchTest, TwoInARowShareOneBackwardPass) {
  const at::Tensor input = at::randn({4, 2}).requires_grad_();
  auto cube = [](const std::vector<at::Tensor>& in) { return in[0] * in[0] * in[0]; };
  const at::Tensor output = ParallelOverBatch({ParallelOverBatch({input}, cube)}, cube);
  const at::Tensor gradient = torch::autograd::grad({output.sum()}, {input})[0];
  EXPECT_THAT(gradient, TensorNear(9 * input.detach().pow(8), 1e-5, 1e-5));
}

TEST_F(ParallelOverBatchTest, ErrorsOfAnyPartAreRethrown) {
  auto refuse = [](const std::vector<at::Tensor>& in) -> at::Tensor {
    if (in[0].select(0, in[0].size(0) - 1).item<float>() == 4) Fail(ExitCode::kBadInput, {.found = "a four"});
    return in[0];
  };
  const auto error = tint::testing::CatchError([&] { ParallelOverBatch({at::arange(5).to(at::kFloat)}, refuse); });
  EXPECT_EQ(error.code(), ExitCode::kBadInput);
}

}  // namespace
}  // namespace tint::internal
