// generate: varied pictures of each class, from blends of inverted photos with fresh noise. TINT 3.2, method.md S10.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "tint/artifacts/image_shards.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/image/contact_sheet.h"
#include "tint/image/picture.h"
#include "tint/image/resize.h"
#include "tint/inversion/blend.h"
#include "tint/stages/learned_word.h"
#include "tint/stages/pictures.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/device.h"
#include "tint/tensor/random.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 1;
// Images are computed in pieces of this many, always full (surplus is dropped): kernels may round differently at
// another batch size, and image k must have the same bytes however many images are asked for.
constexpr int64_t kPiece = 8;
constexpr int64_t kSheetImages = 8;
// An image of one single colour is drawn again with a recorded attempt; more than this share of all means that
// something is broken.
constexpr double kMaxConstantShare = 0.01;
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

// What the images of one class are made from.
struct ClassPaths {
  at::Tensor latents;        // [K, C, h, w]
  at::Tensor unconditional;  // [K, N, L, F]
  at::Tensor conditional;    // [1, L, F]
  std::vector<int64_t> timesteps;
};

struct Drawn {
  int64_t support_idx;
  at::Tensor latents;  // [1, C, h, w]
};

class Generator {
 public:
  Generator(const StageContext& context, const StageResults& earlier)
      : context_(context),
        earlier_(earlier),
        denoiser_(context.models().LoadDenoiser(context.device(), context.dtype())),
        autoencoder_(context.models().LoadAutoencoder(context.device())),
        text_encoder_(context.models().LoadTextEncoder(context.device(), context.dtype())),
        prompt_(MakePrompt(context, text_encoder_)) {}

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
    const at::Tensor learned = ReadLearnedVectors(context_, earlier_.at("textual-inversion"), class_idx);
    paths.conditional = prompt_.Context(text_encoder_, learned.unsqueeze(0).to(context_.device()));
    return paths;
  }

  // The starting latent of image `image_idx` depends on (seed, episode, class, image, attempt) alone.
  Drawn Draw(const ClassPaths& paths, int64_t class_idx, int64_t image_idx, int64_t attempt) const {
    const std::string stage = attempt == 0 ? "generate" : "generate/attempt-" + std::to_string(attempt);
    RandomStream stream({context_.seed(), stage, context_.NewKey("", 0, {}).episode_idx,
                         static_cast<uint64_t>(class_idx), static_cast<uint64_t>(image_idx)});
    const int64_t support_idx = stream.Integer(0, paths.latents.size(0) - 1);
    const at::Tensor inverted = paths.latents.narrow(0, support_idx, 1);
    const at::Tensor noise = stream.Normal(inverted.sizes()).to(inverted.device());
    return {support_idx, BlendLatents(inverted, noise, context_.options().generate.alpha)};
  }

  // kPiece starting latents to kPiece pictures: uint8 [kPiece, 3, S, S].
  at::Tensor Render(const ClassPaths& paths, const std::vector<Drawn>& drawn) const {
    TINT_CHECK_EQ(static_cast<int64_t>(drawn.size()), kPiece);
    std::vector<at::Tensor> latents;
    for (const Drawn& one : drawn) latents.push_back(one.latents);
    const auto conditioning = [&](int64_t step_idx, const at::Tensor&) {
      std::vector<at::Tensor> unconditional;
      for (const Drawn& one : drawn) unconditional.push_back(paths.unconditional[one.support_idx][step_idx]);
      return Conditioning{at::stack(unconditional), paths.conditional.expand({kPiece, -1, -1})};
    };
    const DenoiseOptions options{
        .guidance = context_.options().generate.guidance, .timesteps = paths.timesteps, .first_step_idx = 0};
    const at::Tensor clean = Denoise(denoiser_, schedule_, at::cat(latents), options, conditioning,
                                     [](int64_t, const at::Tensor&) { ThrowIfStopRequested(); });
    CheckFinite(clean, "generated latents" + PrecisionHint());
    const at::Tensor images = autoencoder_.Decode(clean);
    CheckFinite(images, "generated pictures" + PrecisionHint());
    return ToBytes(ResizeBilinearAntialias(images, context_.image_size(), context_.image_size()).cpu());
  }

 private:
  std::string PrecisionHint() const {
    return context_.dtype() == at::kFloat ? "" : " (in " + DtypeName(context_.dtype()) + "; try --dtype float32)";
  }

  const StageContext& context_;
  const StageResults& earlier_;
  Denoiser denoiser_;
  Autoencoder autoencoder_;
  TextEncoder text_encoder_;
  PromptTemplate prompt_;
  NoiseSchedule schedule_;
};

// One single colour, whichever: each channel has one value.
bool IsConstant(const at::Tensor& pixels) { return pixels.amax({1, 2}).equal(pixels.amin({1, 2})); }

class GenerateStage : public Stage {
 public:
  std::string name() const override { return "generate"; }
  std::vector<std::string> needs() const override { return {"textual-inversion", "null-text-inversion"}; }
  std::vector<std::string> roles() const override { return {"denoiser", "autoencoder", "text_encoder", "tokenizer"}; }

  StageKey Key(const StageContext& context, const StageResults& earlier) const override {
    GenerateOptions options = context.options().generate;
    OptionList list;
    options.Declare(list);
    Json values = list.KeyValues();
    values["image-size"] = context.image_size();
    values["prompt"] = context.options().textual_inversion.prompt;
    StageKey key = context.NewKey(name(), kVersion, values);
    for (const std::string& need : needs()) key.inputs[need] = earlier.at(need).content_sha256();
    for (const std::string& role : roles()) key.models[role] = context.models().Require(role).KeySha256();
    return key;
  }

  StageEstimate Estimate(const StageContext& context) const override {
    const double images = static_cast<double>(context.ways() * context.options().generate.images);
    const double branches = context.options().generate.guidance == 1.0 ? 1 : 2;
    const double steps = static_cast<double>(context.options().null_text.steps);
    const double side = static_cast<double>(context.image_size());
    return {.flop = images *
                    (steps * branches * FlopPerSample(context, "denoiser") + FlopPerSample(context, "autoencoder")),
            .disk_bytes = static_cast<uint64_t>(images * side * side * 2),
            .note = ""};
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    c10::NoGradGuard no_grad;
    const Generator generator(context, earlier);
    const int64_t images = context.options().generate.images;
    Progress progress(name(), "images", context.ways() * images);
    Json index = {{"image_size", context.image_size()}, {"classes", Json::array()}};
    std::vector<ContactRow> sheet;
    int64_t redrawn = 0;
    for (int64_t c = 0; c < context.ways(); ++c) {
      const ClassPaths paths = generator.ReadPaths(c);
      Json shards = Json::array(), entries = Json::array();
      for (int64_t first = 0; first < images; first += kImagesPerShard) {
        const std::string file = ShardFile(context, c, first / kImagesPerShard);
        const int64_t count = std::min(kImagesPerShard, images - first);
        WriteClassShard(generator, paths, {c, first, count, file}, writer, &progress);
        for (const Json& entry : ParseJson(writer.Read(file + ".json"), file + ".json", ExitCode::kCorrupt).root) {
          redrawn += entry.at("attempt").get<int64_t>() > 0 ? 1 : 0;
          entries.push_back(entry);
        }
        shards.push_back(file);
      }
      sheet.push_back(SheetRow(context, c, ReadShard(writer.Read(shards[0].get<std::string>()), "first shard")));
      index["classes"].push_back(
          {{"class", context.task().classes[static_cast<size_t>(c)].name}, {"shards", shards}, {"images", entries}});
    }
    if (static_cast<double>(redrawn) > kMaxConstantShare * static_cast<double>(context.ways() * images) && redrawn > 1)
      Fail(ExitCode::kInternal, "generate: " + std::to_string(redrawn) +
                                    " pictures came out in one single colour; at most 1 % may. "
                                    "Check the models with `tint models check`.");
    writer.Put("index.json", CanonicalJson(index) + "\n");
    writer.Put("contact.png", MakeContactSheet(sheet));
    return {{"images_per_class", images}, {"redrawn", redrawn}};
  }

 private:
  struct ShardTask {
    int64_t class_idx, first, count;
    std::string file;
  };

  static void WriteClassShard(const Generator& generator, const ClassPaths& paths, const ShardTask& task,
                              StageWriter& writer, Progress* progress) {
    if (writer.Has(task.file) && writer.Has(task.file + ".json")) {
      progress->Advance(task.count);
      return;
    }
    std::vector<ShardEntry> entries;
    Json records = Json::array();
    LoadUnfinished(task, writer, &entries, &records);
    progress->Advance(static_cast<int64_t>(entries.size()));
    while (static_cast<int64_t>(entries.size()) < task.count) {
      const int64_t from = task.first + static_cast<int64_t>(entries.size());
      const int64_t wanted = std::min(kPiece, task.first + task.count - from);
      RenderPiece(generator, paths, task.class_idx, from, wanted, &entries, &records);
      progress->Advance(wanted);
      if (StopRequested() || writer.CheckpointDue()) {
        writer.SaveCheckpoint(task.file, CanonicalJson(records) + "\n" + WriteShard(entries));
      }
      ThrowIfStopRequested();
    }
    writer.Put(task.file, WriteShard(entries));
    writer.Put(task.file + ".json", CanonicalJson(records) + "\n");
    writer.DropCheckpoint(task.file);
  }

  static void LoadUnfinished(const ShardTask& task, const StageWriter& writer, std::vector<ShardEntry>* entries,
                             Json* records) {
    const auto saved = writer.LoadCheckpoint(task.file);
    if (!saved) return;
    const size_t end = saved->find('\n');
    *records = ParseJson(saved->substr(0, end), task.file, ExitCode::kCorrupt).root;
    *entries = ReadShard(saved->substr(end + 1), task.file);
    spdlog::info("generate: {} goes on after {} images", task.file, entries->size());
  }

  // Images from...from+wanted-1 of a class, in one piece that begins at a multiple of kPiece.
  static void RenderPiece(const Generator& generator, const ClassPaths& paths, int64_t class_idx, int64_t from,
                          int64_t wanted, std::vector<ShardEntry>* entries, Json* records) {
    std::vector<Drawn> drawn;
    for (int64_t k = from; k < from + kPiece; ++k) drawn.push_back(generator.Draw(paths, class_idx, k, 0));
    const at::Tensor pictures = generator.Render(paths, drawn);
    for (int64_t i = 0; i < wanted; ++i) {
      at::Tensor picture = pictures[i];
      Drawn one = drawn[static_cast<size_t>(i)];
      int64_t attempt = 0;
      while (IsConstant(picture)) {
        if (attempt == kMaxAttempts)
          Fail(ExitCode::kInternal, "generate: picture " + std::to_string(from + i) + " of class " +
                                        std::to_string(class_idx) + " has one single colour after " +
                                        std::to_string(kMaxAttempts) +
                                        " fresh draws. Check the models with `tint models check`.");
        one = generator.Draw(paths, class_idx, from + i, ++attempt);
        picture = generator.Render(paths, std::vector<Drawn>(kPiece, one))[0];
      }
      entries->push_back({PngName(from + i), EncodePng(picture)});
      records->push_back({{"file", PngName(from + i)}, {"support", one.support_idx}, {"attempt", attempt}});
    }
  }

  static ContactRow SheetRow(const StageContext& context, int64_t class_idx, const std::vector<ShardEntry>& entries) {
    ContactRow row{context.task().classes[static_cast<size_t>(class_idx)].name, {}};
    for (size_t i = 0; i < entries.size() && i < kSheetImages; ++i)
      row.pictures.push_back(DecodePicture(entries[i].bytes, entries[i].name, {.min_side = 1}).pixels);
    return row;
  }
};

}  // namespace

std::unique_ptr<Stage> MakeGenerateStage() { return std::make_unique<GenerateStage>(); }

}  // namespace tint
