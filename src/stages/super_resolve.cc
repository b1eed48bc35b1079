// super-resolve: the support photos, enlarged to the diffusion model's image size. Paper section 3.1.

#include <ATen/ATen.h>

#include <algorithm>

#include "tint/base/error.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/base/switch_off.h"
#include "tint/data/loader.h"
#include "tint/image/contact_sheet.h"
#include "tint/image/resize.h"
#include "tint/models/tiles.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 1;

class SuperResolveStage : public Stage {
 public:
  std::string name() const override { return "super-resolve"; }
  std::vector<std::string> needs(const StageContext&) const override { return {}; }
  std::vector<std::string> roles(const StageContext&) const override { return {"autoencoder", "upscaler"}; }

  void Check(const StageContext& context) const override {
    if (const int64_t tile = context.options().super_resolve.tile; tile > 0 && tile < 16)
      Fail(ExitCode::kBadConfiguration,
           {.field = "super-resolve.tile", .found = std::to_string(tile), .expected = "0, or at least 16 pixels"});
    if (context.options().super_resolve.post_size == 0) context.models().Require("autoencoder");
    const int64_t size = ModelImageSize(context);
    if (!context.models().Has("upscaler") && AnyPhotoNeedsUpscaler(context)) context.models().Require("upscaler");
    if (!context.models().Has("autoencoder")) return;
    const int64_t factor = context.models().ReadAutoencoderConfig().spatial_factor;
    if (size % factor != 0)
      Fail(ExitCode::kBadConfiguration,
           {.field = "super-resolve.post-size",
            .found = std::to_string(size),
            .expected = "a multiple of " + std::to_string(factor) + ", the side of the autoencoder's cells"});
  }

  StageKey Key(const StageContext& context, const StageResults&) const override {
    const SuperResolveOptions& options = context.options().super_resolve;
    StageKey key = context.NewKey(name(), kVersion,
                                  {{"super-resolution", options.super_resolution},
                                   {"square", options.square},
                                   {"pre-size", options.pre_size},
                                   {"post-size", ModelImageSize(context)},
                                   {"resize", options.resize},
                                   {"tile", options.tile},
                                   {"tile-overlap", options.tile > 0 ? options.tile_overlap : 0}});
    key.inputs["support photos"] = SupportSha256(context);
    for (int64_t c = 0; c < context.ways(); ++c) key.inputs["artifact " + std::to_string(c)] = context.ArtifactName(c);
    if (options.super_resolution != "never" && context.models().Has("upscaler"))
      key.models["upscaler"] = context.models().Require("upscaler").KeySha256();
    return key;
  }

  StageEstimate Estimate(const StageContext& context) const override {
    double photos = 0;
    for (const TaskClass& task_class : context.task().classes) photos += static_cast<double>(task_class.support.size());
    const double side = static_cast<double>(ModelImageSize(context));
    return {.flop = photos * FlopPerSample(context, "upscaler"),
            .disk_bytes = static_cast<uint64_t>(photos * side * side * 3),
            .note = ""};
  }

  Json Run(const StageContext& context, const StageResults&, StageWriter& writer) const override {
    const SuperResolveOptions& options = context.options().super_resolve;
    std::optional<Upscaler> upscaler;
    if (options.super_resolution != "never" && context.models().Has("upscaler"))
      upscaler.emplace(context.models().LoadUpscaler(context.device(), context.dtype()));
    const int64_t size = ModelImageSize(context);
    int64_t photos = 0;
    for (const TaskClass& task_class : context.task().classes)
      photos += static_cast<int64_t>(task_class.support.size());
    Progress progress(name(), "photos", photos);
    std::vector<ContactRow> sheet;
    for (int64_t c = 0; c < context.ways(); ++c) EnlargeClass(context, c, upscaler, size, writer, &progress, &sheet);
    writer.Put("contact.png", MakeContactSheet(sheet));
    return {{"photos", photos}, {"size", size}};
  }

 private:
  static bool NeedsUpscaler(const SuperResolveOptions& options, int64_t side, int64_t size) {
    return options.super_resolution == "always" || (options.super_resolution == "auto" && side < size);
  }

  static bool AnyPhotoNeedsUpscaler(const StageContext& context) {
    const SuperResolveOptions& options = context.options().super_resolve;
    if (options.super_resolution != "auto") return options.super_resolution == "always";
    for (const TaskClass& task_class : context.task().classes) {
      for (const std::string& photo : task_class.support) {
        const at::Tensor pixels = LoadImages(*context.task().support_source, {{task_class.name, photo}}).front().pixels;
        const int64_t side = options.square == "pad" ? std::max(pixels.size(1), pixels.size(2))
                                                     : std::min(pixels.size(1), pixels.size(2));
        if (NeedsUpscaler(options, side, ModelImageSize(context))) return true;
      }
    }
    return false;
  }

  static void EnlargeClass(const StageContext& context, int64_t class_idx, const std::optional<Upscaler>& upscaler,
                           int64_t size, StageWriter& writer, Progress* progress, std::vector<ContactRow>* sheet) {
    const TaskClass& task_class = context.task().classes[static_cast<size_t>(class_idx)];
    ContactRow photos{task_class.name, {}}, enlarged{"upscaled", {}};
    for (size_t k = 0; k < task_class.support.size(); ++k) {
      const Image image =
          LoadImages(*context.task().support_source, {{task_class.name, task_class.support[k]}}).front();
      const std::string file = UpscaledName(context, class_idx, static_cast<int64_t>(k));
      if (!writer.Has(file)) writer.Put(file, EncodePng(ToBytes(Enlarge(context, image.pixels, upscaler, size))[0]));
      photos.images.push_back(image.pixels);
      enlarged.images.push_back(DecodeImage(writer.Read(file), file).pixels);
      progress->Advance();
      ThrowIfStopRequested();
    }
    sheet->push_back(std::move(photos));
    sheet->push_back(std::move(enlarged));
  }

  // photo -> square -> pre-size (bilinear) -> x4 -> post-size, or straight to post-size. Returns [1, 3, S, S] in [0, 1]
  // on the CPU.
  static at::Tensor Enlarge(const StageContext& context, const at::Tensor& pixels,
                            const std::optional<Upscaler>& upscaler, int64_t size) {
    const SuperResolveOptions& options = context.options().super_resolve;
    at::Tensor image = MakeSquare(ToUnitFloat(pixels).unsqueeze(0), options.square).to(context.device());
    if (NeedsUpscaler(options, image.size(2), size) && !SwitchedOff(Mathematics::kUpscaler)) {
      TINT_CHECK(upscaler.has_value());
      const bool reduces = image.size(2) > options.pre_size;
      image = reduces && options.resize == "antialias"
                  ? ResizeBilinearAntialias(image, options.pre_size, options.pre_size)
                  : ResizeBilinear(image, options.pre_size, options.pre_size);
      image = options.tile > 0 ? EnlargeInTiles(*upscaler, image, options.tile, options.tile_overlap)
                               : upscaler->Enlarge(image);
      CheckFinite(image, "the upscaler's image");
    }
    image =
        options.resize == "antialias" ? ResizeBilinearAntialias(image, size, size) : ResizeBilinear(image, size, size);
    return image.cpu();
  }
};

}  // namespace

std::unique_ptr<Stage> MakeSuperResolveStage() { return std::make_unique<SuperResolveStage>(); }

}  // namespace tint
