// generate: varied images of each class, from blends of inverted photos with fresh noise. Paper section 3.2;
// docs/method.md, Blending and generation.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tint/artifacts/image_shards.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/image/contact_sheet.h"
#include "tint/image/image.h"
#include "tint/image/resize.h"
#include "tint/inversion/blend.h"
#include "tint/stages/learned_word.h"
#include "tint/stages/memory_plan.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/device.h"
#include "tint/tensor/random.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 2;
// Images of one batch. The sizes are part of the key, and batches are always full (surplus is dropped): kernels may
// round differently at another batch size, and image k must have the same bytes however many images are asked for.
constexpr int64_t kBatchOnCpu = 8, kBatchOnDevice = 32;
constexpr int64_t kSheetImages = 8;
// An image of one single colour, or with values that are not finite, is drawn again with a recorded attempt; more than
// this share of all means that something is broken.
constexpr double kMaxBadShare = 0.01;
constexpr int64_t kMaxAttempts = 5;

std::string PngName(int64_t image_idx) {
  const std::string number = std::to_string(image_idx);
  return std::string(5 - std::min<size_t>(5, number.size()), '0') + number + ".png";
}

std::string ShardFile(const StageContext& context, int64_t class_idx, int64_t shard_idx) {
  const std::string number = std::to_string(shard_idx);
  return context.ArtifactName(class_idx) + "-" + std::string(3 - std::min<size_t>(3, number.size()), '0') + number +
         ".zip";
}

// "cat-000-original.zip": the same images at the diffusion model's size.
std::string OriginalsFile(const std::string& shard) {
  return shard.substr(0, shard.size() - std::strlen(".zip")) + "-original.zip";
}

int64_t BatchSize(const StageContext& context) {
  const int64_t asked = context.options().generate.batch_size;
  return asked > 0 ? asked : context.device().is_cpu() ? kBatchOnCpu : kBatchOnDevice;
}

// What the images of one class are made from.
struct ClassPaths {
  at::Tensor latents;        // [K, C, h, w]
  at::Tensor unconditional;  // [K, N, L, F]
  at::Tensor conditional;    // [1, L, F]
  std::vector<int64_t> timesteps;
};

struct Drawn {
  int64_t support_idx;
  double alpha;
  at::Tensor latents;  // [1, C, h, w]
};

struct Rendered {
  at::Tensor images;     // uint8 [B, 3, S, S], CPU
  at::Tensor originals;  // uint8 [B, 3, 8h, 8w], CPU; undefined unless they are kept
  at::Tensor good;       // bool [B], CPU: finite, and more than one colour
};

class Generator {
 public:
  Generator(const StageContext& context, const StageResults& earlier)
      : context_(context),
        earlier_(earlier),
        denoiser_(context.models().LoadDenoiser(context.device(), context.dtype())),
        autoencoder_(context.models().LoadAutoencoder(context.device())),
        text_encoder_(context.models().LoadTextEncoder(context.device(), context.dtype())) {}

  ClassPaths ReadPaths(int64_t class_idx) const {
    const std::string file = ClassFile(context_, class_idx);
    const NamedTensors tensors = ParseSafetensors(earlier_.at("null-text-inversion").Read(file), file);
    ClassPaths paths;
    paths.latents = RequireTensor(tensors, "latents", {-1, -1, -1, -1}, at::kFloat, file).to(context_.device());
    const int64_t photos = paths.latents.size(0);
    paths.unconditional =
        RequireTensor(tensors, "unconditional", {photos, -1, -1, -1}, at::kFloat, file).to(context_.device());
    const at::Tensor steps = RequireTensor(tensors, "timesteps", {paths.unconditional.size(1)}, at::kLong, file);
    paths.timesteps.assign(steps.const_data_ptr<int64_t>(), steps.const_data_ptr<int64_t>() + steps.numel());
    CheckPaths(paths, file);
    paths.conditional = LearnedContext(context_, text_encoder_, earlier_.at("textual-inversion"), class_idx);
    return paths;
  }

  // The starting latent of image `image_idx` depends on (seed, episode, class, image, attempt) alone.
  Drawn Draw(const ClassPaths& paths, int64_t class_idx, int64_t image_idx, int64_t attempt) const {
    const std::string stage = attempt == 0 ? "generate" : "generate/attempt-" + std::to_string(attempt);
    RandomStream stream({context_.seed(), stage, context_.NewKey("", 0, {}).episode_idx,
                         static_cast<uint64_t>(class_idx), static_cast<uint64_t>(image_idx)});
    const GenerateOptions& options = context_.options().generate;
    const int64_t any = stream.Integer(0, paths.latents.size(0) - 1);
    const int64_t support_idx = options.support >= 0 ? options.support : any;
    const at::Tensor inverted = paths.latents.narrow(0, support_idx, 1);
    const at::Tensor noise = stream.Normal(inverted.sizes()).to(inverted.device());
    const double alpha = options.random_alpha ? stream.Uniform() : options.alpha;
    return {support_idx, alpha, BlendLatents(inverted, noise, alpha)};
  }

  Rendered Render(const ClassPaths& paths, const std::vector<Drawn>& drawn) const {
    const GenerateOptions& options = context_.options().generate;
    const auto count = static_cast<int64_t>(drawn.size());
    std::vector<at::Tensor> latents;
    std::vector<int64_t> supports;
    for (const Drawn& one : drawn) {
      latents.push_back(one.latents);
      supports.push_back(one.support_idx);
    }
    const at::Tensor rows = at::tensor(supports, at::kLong).to(context_.device());
    const at::Tensor conditional = paths.conditional.expand({count, -1, -1});
    const auto conditioning = [&](int64_t step_idx, const at::Tensor&) {
      return Conditioning{paths.unconditional.select(1, step_idx).index_select(0, rows), conditional};
    };
    const at::Tensor clean = Denoise(
        denoiser_, schedule_, at::cat(latents),
        {.guidance = options.guidance, .timesteps = paths.timesteps, .first_step_idx = 0, .sampler = options.sampler},
        conditioning, [](int64_t, const at::Tensor&) { ThrowIfStopRequested(); });
    const at::Tensor images = autoencoder_.Decode(clean);
    const at::Tensor finite = images.isfinite().flatten(1).all(1).cpu();
    const at::Tensor whole = images.nan_to_num(0, 0, 0);
    const at::Tensor small = ResizeBilinearAntialias(whole, context_.image_size(), context_.image_size());
    Rendered rendered{.images = ToBytes(small.cpu()), .originals = {}, .good = {}};
    if (options.keep_originals) rendered.originals = ToBytes(whole.cpu());
    // One single colour, whichever: each channel has one value.
    const at::Tensor flat = rendered.images.flatten(2);
    rendered.good = finite.logical_and(flat.amax(2).ne(flat.amin(2)).any(1));
    return rendered;
  }

  // The work of a batch of one: a guided step and an image.
  void MeasureOneSample(const ClassPaths& paths) const {
    const at::Tensor latents = paths.latents.narrow(0, 0, 1);
    const Conditioning conditioning{paths.unconditional[0].narrow(0, 0, 1), paths.conditional};
    GuidedNoise(denoiser_, latents, paths.timesteps[0], conditioning, context_.options().generate.guidance);
    autoencoder_.Decode(latents);
  }

  std::string PrecisionHint() const {
    return context_.dtype() == at::kFloat ? "" : " (in " + DtypeName(context_.dtype()) + "; try --dtype float32)";
  }

 private:
  // The embeddings belong to one list of timesteps: with another they would steer wrongly.
  void CheckPaths(const ClassPaths& paths, const std::string& file) const {
    const NullTextOptions& inversion = context_.options().null_text;
    if (paths.timesteps != SamplerTimesteps(inversion.steps, inversion.spacing))
      Fail(ExitCode::kCorrupt,
           {.file = file,
            .field = "timesteps",
            .found = std::to_string(paths.timesteps.size()) + " of them",
            .expected = "those of " + std::to_string(inversion.steps) + " steps, " + inversion.spacing,
            .remedy = "Inversion and generation take the same steps: run null-text-inversion again."});
    const int64_t support = context_.options().generate.support;
    if (support >= paths.latents.size(0))
      Fail(ExitCode::kBadConfiguration, {.field = "generate.support-photo",
                                         .found = std::to_string(support),
                                         .expected = "-1 or 0 to " + std::to_string(paths.latents.size(0) - 1)});
  }

  const StageContext& context_;
  const StageResults& earlier_;
  Denoiser denoiser_;
  Autoencoder autoencoder_;
  TextEncoder text_encoder_;
  NoiseSchedule schedule_;
};

// The images of one shard so far.
struct Shard {
  int64_t class_idx, first, count;
  std::string file;
  std::vector<ShardEntry> entries, originals;
  Json records = Json::array();

  int64_t made() const { return static_cast<int64_t>(entries.size()); }
};

class GenerateStage : public Stage {
 public:
  std::string name() const override { return "generate"; }
  std::vector<std::string> needs(const StageContext&) const override {
    return {"textual-inversion", "null-text-inversion"};
  }
  std::vector<std::string> roles(const StageContext&) const override {
    return {"denoiser", "autoencoder", "text_encoder", "tokenizer"};
  }

  StageKey Key(const StageContext& context, const StageResults& earlier) const override {
    GenerateOptions options = context.options().generate;
    OptionList list;
    options.Declare(list);
    Json values = list.KeyValues();
    values["image-size"] = context.image_size();
    values["prompt"] = context.options().textual_inversion.prompt;
    values["batch-size"] = BatchSize(context);
    StageKey key = context.NewKey(name(), kVersion, values);
    for (const std::string& need : needs(context)) key.inputs[need] = earlier.at(need).content_sha256();
    for (const std::string& role : roles(context)) key.models[role] = context.models().Require(role).KeySha256();
    return key;
  }

  StageEstimate Estimate(const StageContext& context) const override {
    const double images = static_cast<double>(context.ways() * context.options().generate.images);
    const double branches = context.options().generate.guidance == 1.0 ? 1 : 2;
    const double steps = static_cast<double>(context.options().null_text.steps);
    const double side = static_cast<double>(context.image_size()), full = static_cast<double>(ModelImageSize(context));
    const bool keeps = context.options().generate.keep_originals;
    return {.flop = images *
                    (steps * branches * FlopPerSample(context, "denoiser") + FlopPerSample(context, "autoencoder")),
            .disk_bytes = static_cast<uint64_t>(images * 2 * (side * side + (keeps ? full * full : 0))),
            .note = ""};
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    c10::NoGradGuard no_grad;
    const Generator generator(context, earlier);
    const int64_t images = context.options().generate.images;
    CheckBatchFitsMemory(context.device(),
                         {.stage = "generate",
                          .option = "--generate.batch-size",
                          .unit = "images",
                          .batch_size = BatchSize(context),
                          .why = context.options().generate.batch_size > 0 ? "as asked" : "the default of this device"},
                         [&] { generator.MeasureOneSample(generator.ReadPaths(0)); });
    Progress progress(name(), "images", context.ways() * images);
    Json index = {{"image_size", context.image_size()}, {"classes", Json::array()}};
    std::vector<ContactRow> sheet;
    Redrawn redrawn(context.ways() * images);
    for (int64_t c = 0; c < context.ways(); ++c) {
      const ClassPaths paths = generator.ReadPaths(c);
      Json shards = Json::array(), entries = Json::array();
      for (int64_t first = 0; first < images; first += kImagesPerShard) {
        Shard shard{
            c,  first, std::min(kImagesPerShard, images - first), ShardFile(context, c, first / kImagesPerShard),
            {}, {}};
        WriteClassShard(generator, paths, BatchSize(context), &shard, writer, &redrawn, &progress);
        for (const Json& entry :
             ParseJson(writer.Read(shard.file + ".json"), shard.file + ".json", ExitCode::kCorrupt).root)
          entries.push_back(entry);
        shards.push_back(shard.file);
      }
      sheet.push_back(SheetRow(context, c, ReadShard(writer.Read(shards[0].get<std::string>()), "first shard")));
      index["classes"].push_back(
          {{"class", context.task().classes[static_cast<size_t>(c)].name}, {"shards", shards}, {"images", entries}});
    }
    writer.Put("index.json", CanonicalJson(index) + "\n");
    writer.Put("contact.png", MakeContactSheet(sheet));
    return {{"images_per_class", images}, {"redrawn", redrawn.count()}};
  }

 private:
  // Counts images that came out bad; stops where they are more than a broken model explains.
  class Redrawn {
   public:
    explicit Redrawn(int64_t images)
        : most_(std::max<int64_t>(1, std::llround(kMaxBadShare * static_cast<double>(images)))) {}
    int64_t count() const { return count_; }
    void Add(int64_t images, const std::string& hint) {
      count_ += images;
      if (count_ <= most_) return;
      Fail(ExitCode::kInternal,
           "generate: " + std::to_string(count_) +
               " images came out in one single colour or with values that are not finite; at most 1 % may" + hint +
               ". Check the models with `tint models check`.");
    }

   private:
    int64_t most_, count_ = 0;
  };

  static int64_t RedrawnOf(const Json& records) {
    return std::count_if(records.begin(), records.end(),
                         [](const Json& record) { return record.at("attempt").get<int64_t>() > 0; });
  }

  static void WriteClassShard(const Generator& generator, const ClassPaths& paths, int64_t batch, Shard* shard,
                              StageWriter& writer, Redrawn* redrawn, Progress* progress) {
    const std::string records_file = shard->file + ".json";
    if (writer.Has(shard->file) && writer.Has(records_file)) {
      redrawn->Add(RedrawnOf(ParseJson(writer.Read(records_file), records_file, ExitCode::kCorrupt).root), "");
      progress->Advance(shard->count);
      return;
    }
    LoadUnfinished(writer, shard);
    redrawn->Add(RedrawnOf(shard->records), "");
    progress->Advance(shard->made());
    while (shard->made() < shard->count) {
      const int64_t wanted = std::min(batch, shard->count - shard->made());
      RenderBatch(generator, paths, batch, wanted, shard, redrawn);
      progress->Advance(wanted);
      if (StopRequested() || writer.CheckpointDue()) SaveUnfinished(*shard, writer);
      ThrowIfStopRequested();
    }
    if (!shard->originals.empty()) writer.Put(OriginalsFile(shard->file), WriteShard(shard->originals));
    writer.Put(shard->file, WriteShard(shard->entries));
    writer.Put(records_file, CanonicalJson(shard->records) + "\n");
    writer.DropCheckpoint(shard->file);
  }

  // {"records": [...], "bytes": of the first shard} and a line's end, then one or two shards.
  static void SaveUnfinished(const Shard& shard, StageWriter& writer) {
    const std::string images = WriteShard(shard.entries);
    const Json head = {{"records", shard.records}, {"bytes", images.size()}};
    writer.SaveCheckpoint(
        shard.file, CanonicalJson(head) + "\n" + images + (shard.originals.empty() ? "" : WriteShard(shard.originals)));
  }

  static void LoadUnfinished(const StageWriter& writer, Shard* shard) {
    const auto saved = writer.LoadCheckpoint(shard->file);
    if (!saved) return;
    const size_t end = saved->find('\n');
    const Json head = ParseJson(saved->substr(0, end), shard->file, ExitCode::kCorrupt).root;
    shard->records = head.at("records");
    const std::string images = saved->substr(end + 1, head.at("bytes").get<size_t>());
    shard->entries = ReadShard(images, shard->file);
    const std::string originals = saved->substr(end + 1 + images.size());
    if (!originals.empty()) shard->originals = ReadShard(originals, shard->file);
    spdlog::info("generate: {} goes on after {} images", shard->file, shard->made());
  }

  // The shard's next `wanted` images, in one batch that begins at a multiple of `batch`.
  static void RenderBatch(const Generator& generator, const ClassPaths& paths, int64_t batch, int64_t wanted,
                          Shard* shard, Redrawn* redrawn) {
    const int64_t from = shard->first + shard->made();
    std::vector<Drawn> drawn;
    for (int64_t k = from; k < from + batch; ++k) drawn.push_back(generator.Draw(paths, shard->class_idx, k, 0));
    const Rendered rendered = generator.Render(paths, drawn);
    for (int64_t i = 0; i < wanted; ++i) {
      Drawn one = drawn[static_cast<size_t>(i)];
      Rendered of_one = {rendered.images[i], rendered.originals.defined() ? rendered.originals[i] : at::Tensor(),
                         rendered.good[i]};
      int64_t attempt = 0;
      while (!of_one.good.item<bool>()) {
        if (attempt == 0) redrawn->Add(1, generator.PrecisionHint());
        if (attempt == kMaxAttempts)
          Fail(ExitCode::kInternal,
               "generate: image " + std::to_string(from + i) + " of class " + std::to_string(shard->class_idx) +
                   " has one single colour or values that are not finite after " + std::to_string(kMaxAttempts) +
                   " fresh draws" + generator.PrecisionHint() + ". Check the models with `tint models check`.");
        one = generator.Draw(paths, shard->class_idx, from + i, ++attempt);
        const Rendered again = generator.Render(paths, std::vector<Drawn>(static_cast<size_t>(batch), one));
        of_one = {again.images[0], again.originals.defined() ? again.originals[0] : at::Tensor(), again.good[0]};
      }
      shard->entries.push_back({PngName(from + i), EncodePng(of_one.images)});
      if (of_one.originals.defined()) shard->originals.push_back({PngName(from + i), EncodePng(of_one.originals)});
      shard->records.push_back(
          {{"file", PngName(from + i)}, {"support", one.support_idx}, {"alpha", one.alpha}, {"attempt", attempt}});
    }
  }

  static ContactRow SheetRow(const StageContext& context, int64_t class_idx, const std::vector<ShardEntry>& entries) {
    ContactRow row{context.task().classes[static_cast<size_t>(class_idx)].name, {}};
    for (size_t i = 0; i < entries.size() && i < kSheetImages; ++i)
      row.images.push_back(DecodeImage(entries[i].bytes, entries[i].name, {.min_side = 1}).pixels);
    return row;
  }
};

}  // namespace

std::unique_ptr<Stage> MakeGenerateStage() { return std::make_unique<GenerateStage>(); }

}  // namespace tint
