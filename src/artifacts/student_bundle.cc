// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/student_bundle.h"

#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

constexpr char kOnnxFile[] = "student.onnx", kPseudoLabelsFile[] = "pseudo_labels.safetensors";

std::vector<double> ReadThree(const JsonDocument& document, const std::string& pointer) {
  std::vector<double> values;
  const size_t count = RequireArray(document, pointer, ExitCode::kCorrupt).size();
  for (size_t i = 0; i < count; ++i)
    values.push_back(RequireNumber(document, pointer + "/" + std::to_string(i), -1e3, 1e3, ExitCode::kCorrupt));
  if (values.size() != 3) document.Fail(ExitCode::kCorrupt, pointer, std::to_string(count) + " numbers", "3");
  return values;
}

}  // namespace

std::string StudentCard::ToText() const {
  return SealJson({{"schema", 1},
                   {"architecture", architecture},
                   {"classes", classes},
                   {"image_size", image_size},
                   {"mean", mean},
                   {"std", std},
                   {"resize_rule", "bilinear-antialias"},
                   {"file_sha256", file_sha256}});
}

StudentCard StudentCard::Parse(const std::string& text, const std::string& file) {
  const JsonDocument document = ParseJson(text, file, ExitCode::kCorrupt);
  CheckSeal(document);
  StudentCard card;
  card.architecture = RequireString(document, "/architecture", ExitCode::kCorrupt);
  const size_t ways = RequireArray(document, "/classes", ExitCode::kCorrupt).size();
  for (size_t i = 0; i < ways; ++i)
    card.classes.push_back(RequireString(document, "/classes/" + std::to_string(i), ExitCode::kCorrupt));
  card.image_size = RequireInteger(document, "/image_size", 1, 1024, ExitCode::kCorrupt);
  card.mean = ReadThree(document, "/mean");
  card.std = ReadThree(document, "/std");
  card.file_sha256 = RequireString(document, "/file_sha256", ExitCode::kCorrupt);
  return card;
}

StudentCard StudentCard::Read(const CompletedStage& distill) {
  return Parse(distill.Read(kStudentCardFile), (distill.folder() / kStudentCardFile).string());
}

void WriteStudent(const std::string& module, const std::string& onnx, StudentCard card, StageWriter& writer) {
  card.file_sha256 = Sha256Hex(module);
  writer.Put(kStudentFile, module);
  writer.Put(kStudentCardFile, card.ToText());
  if (!onnx.empty()) writer.Put(kOnnxFile, onnx);
}

bool HasStudent(const CompletedStage& distill) { return distill.Has(kStudentFile) && distill.Has(kStudentCardFile); }

void WritePseudoLabels(const NamedTensors& logits, StageWriter& writer) {
  writer.Put(kPseudoLabelsFile, SerializeSafetensors(logits));
}

std::optional<NamedTensors> ReadPseudoLabels(const StageWriter& writer) {
  if (!writer.Has(kPseudoLabelsFile)) return std::nullopt;
  return ParseSafetensors(writer.Read(kPseudoLabelsFile), kPseudoLabelsFile);
}

}  // namespace tint
