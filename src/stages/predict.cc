// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/predict.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tint/artifacts/layout.h"
#include "tint/artifacts/student_bundle.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/text.h"
#include "tint/fewshot/distill.h"
#include "tint/image/decode.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

// TorchScript is code, and its loader notices no flipped bit: what no record lists is not opened.
CompletedStage OpenResultOf(const fs::path& student) {
  std::error_code ignored;
  const fs::path file = fs::weakly_canonical(fs::is_directory(student, ignored) ? student / kStudentFile : student);
  if (!fs::exists(file, ignored))
    Fail(ExitCode::kMissingInput, {.file = file.string(),
                                   .field = "--student",
                                   .found = "no such file",
                                   .expected = "the student.pt of a distill result, or its folder"});
  auto stage = CompletedStage::OpenCopy(file.parent_path());
  if (!stage || file.filename() != kStudentFile || stage->components().at("stage") != "distill" || !HasStudent(*stage))
    Fail(ExitCode::kUntrusted,
         {.file = file.string(),
          .field = "--student",
          .found = std::string("a file that no ") + kDoneFile + " beside it lists",
          .expected = "RUN/episodes/*/distill/*/student.pt (TorchScript is code: only listed files are opened)",
          .remedy = "Keep the whole folder of the result together when you copy it; its name does not matter."});
  return std::move(*stage);
}

// A folder: all files in it, in byte order of their names.
std::vector<std::string> WithoutFolders(const std::vector<std::string>& photos) {
  std::vector<std::string> files;
  for (const std::string& photo : photos) {
    std::error_code ignored;
    if (!fs::is_directory(photo, ignored)) {
      files.push_back(photo);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : fs::directory_iterator(photo)) {
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.'))
        inside.push_back(entry.path().string());
    }
    if (inside.empty())
      Fail(ExitCode::kBadInput,
           {.file = photo, .found = "a folder without files", .expected = "photos, or a folder with photos in it"});
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

at::Tensor LoadPhoto(const std::string& photo, int64_t size) {
  const DecodedImage image = ReadImage(photo);
  for (const std::string& warning : image.warnings) spdlog::warn("{}: {}", Quote(photo), warning);
  const at::Tensor square = CentreSquare(ToUnitFloat(image.pixels).unsqueeze(0));
  return ToBytes(ResizeBilinearAntialias(square, size, size))[0];
}

}  // namespace

OpenedStudent OpenStudent(const fs::path& student, const std::string& device) {
  const CompletedStage stage = OpenResultOf(student);
  const std::string file = (stage.folder() / kStudentFile).string();
  OpenedStudent opened{StudentCard::Read(stage),
                       ScriptModule::FromBytes(stage.Read(kStudentFile), file, ChooseDevice(device), at::kFloat)};
  opened.module.SetTraining(false);
  return opened;
}

Predictions PredictPhotos(const fs::path& student, const std::vector<std::string>& photos_or_folders,
                          const std::string& device_name) {
  const auto [card, module] = OpenStudent(student, device_name);
  const std::vector<std::string> photos = WithoutFolders(photos_or_folders);
  std::vector<at::Tensor> images;
  for (const std::string& photo : photos) images.push_back(LoadPhoto(photo, card.image_size));
  const at::Tensor logits = StudentLogits(module, at::stack(images), card.mean, card.std, module.device());
  const at::Tensor probabilities = at::softmax(logits.to(at::kDouble), 1).contiguous();
  Predictions result{card.classes, {}};
  for (size_t i = 0; i < photos.size(); ++i) {
    const double* row = probabilities.const_data_ptr<double>() + i * card.classes.size();
    Prediction prediction{photos[i], "", std::vector<double>(row, row + card.classes.size())};
    prediction.predicted = card.classes[static_cast<size_t>(std::max_element(row, row + card.classes.size()) - row)];
    result.photos.push_back(std::move(prediction));
  }
  return result;
}

Json Predictions::ToJson() const {
  Json json = {{"classes", classes}, {"predictions", Json::array()}};
  for (const Prediction& photo : photos) {
    Json probabilities = Json::object();
    for (size_t c = 0; c < classes.size(); ++c) probabilities[classes[c]] = photo.probabilities[c];
    json["predictions"].push_back(
        {{"photo", photo.photo}, {"class", photo.predicted}, {"probabilities", probabilities}});
  }
  return json;
}

std::string Predictions::ToTable() const {
  const auto percent = [](double share) { return fmt::format("{:.1f} %", 100 * share); };
  std::string table;
  for (const Prediction& photo : photos) {
    std::vector<size_t> order(classes.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return photo.probabilities[a] > photo.probabilities[b]; });
    std::vector<std::string> next;
    for (size_t k = 1; k < std::min<size_t>(3, order.size()); ++k)
      next.push_back(classes[order[k]] + " " + percent(photo.probabilities[order[k]]));
    const std::string share = percent(photo.probabilities[order[0]]);
    table += fmt::format("{:>8}  ", share) + photo.predicted + "  " + Quote(photo.photo) +
             (next.empty() ? "" : "  (then " + Join(next, ", ") + ")") + "\n";
  }
  return table;
}

}  // namespace tint
