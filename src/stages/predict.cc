#include "tint/stages/predict.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>

#include "tint/artifacts/stage_folder.h"
#include "tint/base/log.h"
#include "tint/base/text.h"
#include "tint/fewshot/distill.h"
#include "tint/image/picture.h"
#include "tint/image/resize.h"
#include "tint/stages/student_file.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

CompletedStage OpenStageOf(const fs::path& student) {
  if (!fs::exists(student))
    Fail(ExitCode::kMissingInput, {.file = student.string(),
                                   .field = "--student",
                                   .found = "no such file",
                                   .expected = "the student.pt of a distill result"});
  const fs::path file = fs::weakly_canonical(student);
  auto stage = CompletedStage::Open(file.parent_path());
  if (!stage || file.filename() != "student.pt" || stage->components().at("stage") != "distill")
    Fail(ExitCode::kUntrusted,
         {.file = student.string(),
          .field = "--student",
          .found = "a file that no done.json beside it lists",
          .expected = "RUN/episodes/*/distill/*/student.pt (TorchScript is code: only listed files are opened)",
          .remedy = "Keep the whole folder of the result together when you copy it."});
  return std::move(*stage);
}

at::Tensor LoadPhoto(const std::string& photo, int64_t size) {
  const Picture picture = ReadPicture(photo);
  for (const std::string& warning : picture.warnings) spdlog::warn("{}: {}", Quote(photo), warning);
  const at::Tensor square = CentreSquare(ToUnitFloat(picture.pixels).unsqueeze(0));
  return ToBytes(ResizeBilinearAntialias(square, size, size))[0];
}

}  // namespace

Predictions PredictPhotos(const fs::path& student, const std::vector<std::string>& photos,
                          const std::string& device_name) {
  const CompletedStage stage = OpenStageOf(student);
  const StudentCard card = StudentCard::Parse(stage.Read("student.json"), (stage.folder() / "student.json").string());
  const c10::Device device = ChooseDevice(device_name);
  const ScriptModule module = ScriptModule::FromBytes(stage.Read("student.pt"), student.string(), device, at::kFloat);
  std::vector<at::Tensor> images;
  for (const std::string& photo : photos) images.push_back(LoadPhoto(photo, card.image_size));
  const at::Tensor logits = StudentLogits(module, at::stack(images), card.mean, card.std, device);
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
  std::string table;
  for (const Prediction& photo : photos) {
    char share[32];
    std::snprintf(share, sizeof share, "%6.1f %%",
                  100 * *std::max_element(photo.probabilities.begin(), photo.probabilities.end()));
    table += std::string(share) + "  " + photo.predicted + "  " + Quote(photo.photo) + "\n";
  }
  return table;
}

}  // namespace tint
