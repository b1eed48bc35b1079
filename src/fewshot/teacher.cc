#include "tint/fewshot/teacher.h"

#include <ATen/ATen.h>

#include "pieces.h"
#include "tint/base/error.h"
#include "tint/base/switch_off.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

at::Tensor UnitRows(const at::Tensor& rows) {
  return rows / at::clamp_min(at::linalg_vector_norm(rows, 2, at::IntArrayRef{1}, true), 1e-12);
}

}  // namespace

at::Tensor TeacherFeatures(const Teacher& teacher, const at::Tensor& images, const c10::Device& device,
                           const std::function<void(int64_t)>& after_piece) {
  CheckShape(images, {-1, 3, -1, -1}, "images");
  auto compute = [&](const at::Tensor& piece) {
    return teacher.Features(piece.scalar_type() == at::kByte ? piece.to(at::kFloat) / 255 : piece);
  };
  const at::Tensor features = internal::InPieces(images, kTeacherPiece, device, compute, after_piece);
  CheckFinite(features, "the teacher's features");
  return features;
}

at::Tensor Prototypes(const at::Tensor& features, const at::Tensor& labels, int64_t ways) {
  CheckShape(features, {-1, -1}, "features");
  CheckShape(labels, {features.size(0)}, "labels");
  CheckDtype(labels, at::kLong, "labels");
  std::vector<at::Tensor> means;
  for (int64_t label = 0; label < ways; ++label) {
    const at::Tensor members = features.index_select(0, at::nonzero(labels == label).flatten());
    TINT_CHECK_GT(members.size(0), 0) << "no support of class " << label;
    means.push_back(members.mean(0));
  }
  return at::stack(means);
}

at::Tensor CosineLogits(const at::Tensor& features, const at::Tensor& prototypes, double scale, double bias) {
  CheckShape(features, {-1, -1}, "features");
  CheckShape(prototypes, {-1, features.size(1)}, "prototypes");
  return scale * (at::mm(UnitRows(features), UnitRows(prototypes).t()) + bias);
}

at::Tensor PseudoLabels(const at::Tensor& features, const at::Tensor& prototypes, double scale, double bias) {
  const at::Tensor logits = CosineLogits(features, prototypes, scale, bias);
  return SwitchedOff(Mathematics::kPrototypes) ? at::roll(logits, {1}, {1}) : logits;
}

}  // namespace tint
