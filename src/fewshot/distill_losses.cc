// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>

#include "fixed_batches.h"
#include "source_loss.h"
#include "tint/base/error.h"
#include "tint/fewshot/distill.h"
#include "tint/image/augment.h"
#include "tint/tensor/checks.h"

namespace tint {

at::Tensor CrossEntropyLoss(const at::Tensor& logits, const at::Tensor& labels) {
  CheckShape(logits, {-1, -1}, "logits");
  CheckShape(labels, {logits.size(0)}, "labels");
  CheckDtype(labels, at::kLong, "labels");
  return -at::gather(at::log_softmax(logits, 1), 1, labels.unsqueeze(1)).mean();
}

at::Tensor KnowledgeDistillationLoss(const at::Tensor& student_logits, const at::Tensor& teacher_logits,
                                     double temperature) {
  CheckShape(student_logits, {-1, -1}, "student logits");
  CheckShape(teacher_logits, student_logits.sizes(), "teacher logits");
  TINT_CHECK_GT(temperature, 0);
  const at::Tensor log_p = at::log_softmax(teacher_logits / temperature, 1);
  const at::Tensor log_q = at::log_softmax(student_logits / temperature, 1);
  const double scale = temperature * temperature / static_cast<double>(student_logits.size(0));
  return (log_p.exp() * (log_p - log_q)).sum() * scale;
}

namespace {

double Decay(const DistillOptions& options, int64_t step) {
  const bool decayed = static_cast<double>(step) >= options.decay_at * static_cast<double>(options.steps);
  return decayed ? options.decay_factor : 1;
}

}  // namespace

double DistillLearningRate(const DistillOptions& options, int64_t step) {
  return options.learning_rate * Decay(options, step);
}

double DistillClassifierLearningRate(const DistillOptions& options, int64_t step) {
  const double initial =
      options.classifier_learning_rate > 0 ? options.classifier_learning_rate : options.learning_rate;
  return initial * Decay(options, step);
}

at::Tensor StudentLogits(const ScriptModule& student, const at::Tensor& images, const std::vector<double>& mean,
                         const std::vector<double>& std, const c10::Device& device,
                         const std::function<void(int64_t)>& after_batch) {
  CheckShape(images, {-1, 3, -1, -1}, "images");
  CheckDtype(images, at::kByte, "images");
  student.SetTraining(false);
  auto compute = [&](const at::Tensor& batch) {
    return student.Call("forward", {internal::PrepareForStudent(batch, mean, std)});
  };
  const at::Tensor logits = internal::EvaluateInBatches(images, kStudentBatch, device, compute, after_batch);
  CheckShape(logits, {images.size(0), -1}, "student logits");
  return logits;
}

std::vector<double> FixedImagesLoss(const ScriptModule& student, const std::vector<DistillSource>& sources,
                                    const DistillOptions& options, const std::vector<double>& mean,
                                    const std::vector<double>& std) {
  std::vector<double> losses;
  for (const DistillSource& source : sources) {
    const int64_t count = std::min(kStudentBatch, source.images.size(0));
    const at::Tensor logits = StudentLogits(student, source.images.narrow(0, 0, count), mean, std, student.device());
    losses.push_back(internal::SourceLoss(source, logits, at::arange(count), options.temperature).item<double>());
  }
  return losses;
}

namespace internal {

at::Tensor SourceLoss(const DistillSource& source, const at::Tensor& logits, const at::Tensor& rows,
                      double temperature) {
  if (source.labels.defined()) {
    return CrossEntropyLoss(logits, source.labels.index_select(0, rows).to(logits.device()));
  }
  return KnowledgeDistillationLoss(logits, source.logits.index_select(0, rows).to(logits.device()), temperature);
}

at::Tensor PrepareForStudent(const at::Tensor& images, const std::vector<double>& mean,
                             const std::vector<double>& std) {
  if (!images.device().is_cpu()) return Normalize(images, mean, std).contiguous(at::MemoryFormat::ChannelsLast);
  // The normalized value of each byte is looked up, [3, 256]: one pass over the images instead of five, and equal bits.
  const at::Tensor bytes = at::arange(256, at::kByte).view({1, 1, 1, 256}).expand({1, 3, 1, 256});
  const at::Tensor table = Normalize(bytes, mean, std).contiguous();
  CheckDtype(images, at::kByte, "images");
  CheckShape(images, {-1, 3, -1, -1}, "images");
  const at::Tensor planes = images.contiguous();
  const at::Tensor prepared =
      at::empty(images.sizes(), at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  const int64_t pixels = images.size(2) * images.size(3);
  const float* value = table.const_data_ptr<float>();
  const auto* from = planes.const_data_ptr<uint8_t>();
  auto* to = prepared.mutable_data_ptr<float>();
  for (int64_t b = 0; b < images.size(0); ++b, from += 3 * pixels, to += 3 * pixels) {
    for (int64_t p = 0; p < pixels; ++p) {
      for (int64_t c = 0; c < 3; ++c) to[3 * p + c] = value[256 * c + from[c * pixels + p]];
    }
  }
  return prepared;
}

}  // namespace internal
}  // namespace tint
