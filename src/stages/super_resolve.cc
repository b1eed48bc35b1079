// SPDX-License-Identifier: Apache-2.0
// super-resolve: the support photos, enlarged to the diffusion model's image size. Paper section 3.1.

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "stages.h"
#include "tint/artifacts/contact_sheets.h"
#include "tint/artifacts/upscaled_photos.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/data/loader.h"
#include "tint/image/decode.h"
#include "tint/image/encode.h"
#include "tint/image/pixels.h"
#include "tint/image/upscale.h"
#include "tint/models/tiles.h"
#include "tint/stages/stage_images.h"

namespace tint {
namespace {

constexpr int64_t kSuperResolveVersion = 1;

class SuperResolveStage : public Stage {
 public:
  SuperResolveStage(const SuperResolveOptions& options, const RunEpisode& episode, const RunSettings& settings,
                    const ModelSet& models)
      : Stage(episode, settings, models), options_(options) {}
  std::string name() const override { return "super-resolve"; }
  std::vector<std::string> needs() const override { return {}; }
  std::vector<std::string> roles() const override { return {"autoencoder", "upscaler"}; }

  void Check() const override {
    if (const int64_t tile = options_.tile; tile > 0 && tile < 16)
      Fail(ExitCode::kBadConfiguration,
           {.field = "super-resolve.tile", .found = std::to_string(tile), .expected = "0, or at least 16 pixels"});
    if (options_.post_size == 0) models_.Require("autoencoder");
    const int64_t size = Size();
    if (!models_.Has("upscaler") && AnyPhotoNeedsUpscaler()) models_.Require("upscaler");
    if (!models_.Has("autoencoder")) return;
    const int64_t factor = models_.ReadAutoencoderConfig().spatial_factor;
    if (size % factor != 0)
      Fail(ExitCode::kBadConfiguration,
           {.field = "super-resolve.post-size",
            .found = std::to_string(size),
            .expected = "a multiple of " + std::to_string(factor) + ", the side of the autoencoder's cells"});
  }

  StageKey Key(const StageResults&) const override {
    StageKey key = NewKey(kSuperResolveVersion, {{"super-resolution", ToString(options_.super_resolution)},
                                                 {"square", ToString(options_.square)},
                                                 {"pre-size", options_.pre_size},
                                                 {"post-size", Size()},
                                                 {"resize", ToString(options_.resize)},
                                                 {"tile", options_.tile},
                                                 {"tile-overlap", options_.tile > 0 ? options_.tile_overlap : 0}});
    key.inputs["support photos"] = episode_.SupportSha256();
    for (int64_t c = 0; c < episode_.ways(); ++c) key.inputs["artifact " + std::to_string(c)] = episode_.FileStem(c);
    if (UsesUpscaler()) key.models["upscaler"] = models_.Require("upscaler").KeySha256();
    return key;
  }

  StageEstimate Estimate() const override {
    const auto photos = static_cast<double>(episode_.support_photos()), side = static_cast<double>(Size());
    return {.flop = photos * FlopPerSample("upscaler"),
            .disk_bytes = static_cast<uint64_t>(photos * side * side * 3),
            .note = ""};
  }

  Json Run(const StageResults&, StageWriter& writer) const override {
    std::optional<Upscaler> upscaler;
    if (UsesUpscaler()) upscaler.emplace(models_.LoadUpscaler(settings_.device, settings_.dtype));
    Progress progress(name(), "photos", episode_.support_photos());
    std::vector<ContactRow> sheet;
    for (int64_t c = 0; c < episode_.ways(); ++c) EnlargeClass(c, upscaler, writer, &progress, &sheet);
    WriteContactSheet(sheet, writer);
    return {{"photos", episode_.support_photos()}, {"size", Size()}};
  }

 private:
  int64_t Size() const { return ModelImageSize(options_, models_); }
  bool UsesUpscaler() const { return options_.super_resolution != UseUpscaler::kNever && models_.Has("upscaler"); }
  bool NeedsUpscaler(const at::Tensor& pixels) const {
    if (options_.super_resolution != UseUpscaler::kAuto) return options_.super_resolution == UseUpscaler::kAlways;
    return SquareSide(pixels.size(1), pixels.size(2), options_.square) < Size();
  }

  bool AnyPhotoNeedsUpscaler() const {
    if (options_.super_resolution != UseUpscaler::kAuto) return options_.super_resolution == UseUpscaler::kAlways;
    for (const TaskClass& task_class : episode_.task.classes) {
      for (const std::string& photo : task_class.support) {
        if (NeedsUpscaler(Load(task_class.name, photo))) return true;
      }
    }
    return false;
  }

  // uint8 [3, H, W]
  at::Tensor Load(const std::string& class_name, const std::string& photo) const {
    return LoadImages(*episode_.task.support_source, {{class_name, photo}}).front().pixels;
  }

  void EnlargeClass(int64_t class_idx, const std::optional<Upscaler>& upscaler, StageWriter& writer, Progress* progress,
                    std::vector<ContactRow>* sheet) const {
    const TaskClass& task_class = episode_.OfClass(class_idx);
    ContactRow photos{task_class.name, {}}, enlarged{"upscaled", {}};
    for (size_t k = 0; k < task_class.support.size(); ++k) {
      const at::Tensor pixels = Load(task_class.name, task_class.support[k]);
      const std::string file = UpscaledPhotoFile(episode_.FileStem(class_idx), static_cast<int64_t>(k));
      if (!writer.Has(file)) writer.Put(file, EncodePng(ToBytes(Upscale(pixels, upscaler))[0]));
      photos.images.push_back(pixels);
      enlarged.images.push_back(DecodeImage(writer.Read(file), file).pixels);
      progress->Advance();
      ThrowIfStopRequested();
    }
    sheet->push_back(std::move(photos));
    sheet->push_back(std::move(enlarged));
  }

  // [1, 3, S, S] in [0, 1] on the CPU.
  at::Tensor Upscale(const at::Tensor& pixels, const std::optional<Upscaler>& upscaler) const {
    Enlarge enlarge;
    if (NeedsUpscaler(pixels)) {
      TINT_CHECK(upscaler.has_value());
      enlarge = [&](const at::Tensor& image) {
        return options_.tile > 0 ? EnlargeInTiles(*upscaler, image, options_.tile, options_.tile_overlap)
                                 : upscaler->Enlarge(image);
      };
    }
    return UpscalePhoto(pixels,
                        {.square = options_.square,
                         .pre_size = options_.pre_size,
                         .post_size = Size(),
                         .antialias = options_.resize == FinalResize::kAntialias},
                        settings_.device, enlarge);
  }

  const SuperResolveOptions& options_;
};

}  // namespace

std::unique_ptr<Stage> MakeSuperResolveStage(const SuperResolveOptions& options, const RunEpisode& episode,
                                             const RunSettings& settings, const ModelSet& models) {
  return std::make_unique<SuperResolveStage>(options, episode, settings, models);
}

}  // namespace tint
