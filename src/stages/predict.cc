#include "tint/stages/predict.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "tint/artifacts/stage_folder.h"
#include "tint/base/log.h"
#include "tint/base/text.h"
#include "tint/fewshot/distill.h"
#include "tint/image/image.h"
#include "tint/image/resize.h"
#include "tint/stages/student_file.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr char kModule[] = "student.pt", kCard[] = "student.json";

// TorchScript is code, and its loader notices no flipped bit: what no record lists is not opened.
CompletedStage OpenResultOf(const fs::path& student) {
  std::error_code ignored;
  const fs::path file = fs::weakly_canonical(fs::is_directory(student, ignored) ? student / kModule : student);
  if (!fs::exists(file, ignored))
    Fail(ExitCode::kMissingInput, {.file = file.string(),
                                   .field = "--student",
                                   .found = "no such file",
                                   .expected = "the student.pt of a distill result, or its folder"});
  auto stage = CompletedStage::OpenCopy(file.parent_path());
  const auto lists = [&](const char* name) {
    const std::vector<std::string> files = stage->Files();
    return std::find(files.begin(), files.end(), name) != files.end();
  };
  if (!stage || file.filename() != kModule || stage->components().at("stage") != "distill" || !lists(kModule) ||
      !lists(kCard))
    Fail(ExitCode::kUntrusted,
         {.file = file.string(),
          .field = "--student",
          .found = "a file that no done.json beside it lists",
          .expected = "RUN/episodes/*/distill/*/student.pt (TorchScript is code: only listed files are opened)",
          .remedy = "Keep the whole folder of the result together when you copy it; its name does not matter."});
  return std::move(*stage);
}

// A folder stands for the files in it, in byte order of their names.
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
  const Image image = ReadImage(photo);
  for (const std::string& warning : image.warnings) spdlog::warn("{}: {}", Quote(photo), warning);
  const at::Tensor square = CentreSquare(ToUnitFloat(image.pixels).unsqueeze(0));
  return ToBytes(ResizeBilinearAntialias(square, size, size))[0];
}

}  // namespace

OpenedStudent OpenStudent(const fs::path& student, const std::string& device) {
  const CompletedStage stage = OpenResultOf(student);
  const std::string file = (stage.folder() / kModule).string();
  OpenedStudent opened{StudentCard::Parse(stage.Read(kCard), (stage.folder() / kCard).string()),
                       ScriptModule::FromBytes(stage.Read(kModule), file, ChooseDevice(device), at::kFloat)};
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
  const auto percent = [](double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
    return std::string(text);
  };
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
    table += std::string(8 - std::min<size_t>(8, share.size()), ' ') + share + "  " + photo.predicted + "  " +
             Quote(photo.photo) + (next.empty() ? "" : "  (then " + Join(next, ", ") + ")") + "\n";
  }
  return table;
}

}  // namespace tint
