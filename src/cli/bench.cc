// SPDX-License-Identifier: Apache-2.0
#include "tint/cli/bench.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>

#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/diffusion/denoise.h"
#include "tint/fewshot/distill.h"
#include "tint/fewshot/precision.h"
#include "tint/fewshot/student.h"
#include "tint/fewshot/teacher.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"
#include "tint/inversion/null_text.h"
#include "tint/inversion/textual_inversion.h"
#include "tint/models/flops.h"
#include "tint/models/model_set.h"
#include "tint/options/shared_options.h"
#include "tint/tensor/device.h"
#include "tint/tensor/dtype.h"
#include "tint/tensor/matmul_rate.h"
#include "tint/tensor/memory.h"
#include "tint/tensor/random.h"
#include "tint/text/clip_tokenizer.h"

namespace tint {
namespace {

constexpr int64_t kStudentBatch = 150, kInnerSteps = 10, kWays = 5, kTeacherImages = 16, kQueries = 64;
constexpr int64_t kNullTextSteps = 2;  // timesteps that are timed; each costs the same

// A unit: `run` does `count` of them.
struct Unit {
  std::string name, unit;
  std::vector<std::string> roles;
  std::function<void()> run;
  double count = 1, flop = 0;
};

class Bench {
 public:
  explicit Bench(const BenchOptions& options)
      : options_(WithImageSize(options)),
        set_(ModelSet::Open(options.models)),
        threads_(SetUpTensorLibrary(static_cast<int>(options.threads))),
        device_(ChooseDevice(options.device)),
        dtype_(ParseDtype(options.dtype)) {}

  BenchReport Run() {
    BenchReport report;
    report.device = DeviceClass(device_);
    report.dtype = DtypeName(dtype_);
    report.precision = UsesBfloat16(options_.precision, device_) ? "bfloat16" : "float32";
    report.threads = threads_;
    report.matmul_rate_float32 = MeasureMatmulRate(device_, c10::kFloat);
    report.matmul_rate = dtype_ == c10::kFloat ? report.matmul_rate_float32 : MeasureMatmulRate(device_, dtype_);
    for (const std::string& name : Asked()) {
      const Unit unit = Make(name);
      const auto missing =
          std::find_if(unit.roles.begin(), unit.roles.end(), [&](const std::string& role) { return !set_.Has(role); });
      if (missing != unit.roles.end()) {
        report.left_out.push_back(name + ": the set has no " + *missing);
        continue;
      }
      spdlog::info("bench: {}", name);
      report.rows.push_back(Time(unit));
    }
    return report;
  }

 private:
  static BenchOptions WithImageSize(BenchOptions options) {
    if (options.image_size == 0) options.image_size = 84;
    return options;
  }

  std::vector<std::string> Asked() const {
    if (options_.only.empty()) return BenchNames();
    const std::vector<std::string> asked = Split(options_.only, ',');
    for (const std::string& name : asked) {
      if (std::count(BenchNames().begin(), BenchNames().end(), name) > 0) continue;
      Fail(ExitCode::kUsage, {.field = "--only",
                              .found = Quote(name),
                              .expected = "names out of " + Join(BenchNames(), ", "),
                              .remedy = DidYouMean(name, BenchNames())});
    }
    return asked;
  }

  BenchRow Time(const Unit& unit) const {
    BenchRow row{.name = unit.name, .unit = unit.unit, .seconds = {}, .flop = unit.flop};
    unit.run();  // warm-up: threads, kernels, memory
    for (int64_t i = 0; i < options_.repetitions; ++i) {
      ThrowIfStopRequested();
      Synchronize(device_);
      const auto start = std::chrono::steady_clock::now();
      unit.run();
      Synchronize(device_);
      row.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
                            unit.count);
    }
    return row;
  }

  Unit Make(const std::string& name) const {
    if (name == "super-resolve") return SuperResolve();
    if (name == "encode") return Encode();
    if (name == "textual-inversion") return TextualInversion();
    if (name == "null-text-inversion") return NullTextInversion();
    if (name == "guided-step") return GuidedStep();
    if (name == "generate") return Generate();
    if (name == "decode") return Decode();
    if (name == "teacher") return TeacherUnit();
    if (name == "distill-conv4" || name == "distill-resnet12") return Distill(name.substr(8));
    TINT_CHECK_EQ(name, "evaluate");
    return Evaluate();
  }

  double Flop(const std::string& role) const {
    if (!set_.Has(role)) return 0;
    const Json& facts = set_.Require(role).facts;
    const auto flop = facts.find("flop_per_sample");
    return flop != facts.end() && flop->is_number() ? flop->get<double>() : 0;
  }

  at::Tensor Normal(const std::string& what, c10::IntArrayRef shape) const {
    return RandomStream({1, "bench/" + what}).Normal(shape).to(device_);
  }
  at::Tensor Images(int64_t count, int64_t side) const {
    return RandomStream({1, "bench/images"}).Uniform({count, 3, side, side}).to(device_);
  }
  at::Tensor Latents(int64_t count) const {
    const DenoiserConfig facts = set_.ReadDenoiserConfig();
    return Normal("latents", {count, facts.latent_channels, facts.sample_size, facts.sample_size});
  }
  at::Tensor Contexts(const std::string& what, int64_t count) const {
    const DenoiserConfig facts = set_.ReadDenoiserConfig();
    return Normal(what, {count, facts.context_length, facts.context_width});
  }
  std::shared_ptr<Denoiser> LoadDenoiser(c10::ScalarType dtype) const {
    return std::make_shared<Denoiser>(set_.LoadDenoiser(device_, dtype));
  }

  Unit SuperResolve() const {
    Unit unit{.name = "super-resolve", .unit = "photo", .roles = {"upscaler"}, .run = {}, .flop = Flop("upscaler")};
    if (!set_.Has("upscaler")) return unit;
    const auto upscaler = std::make_shared<Upscaler>(set_.LoadUpscaler(device_, dtype_));
    unit.run = [=, photo = Images(1, 96)] {
      const c10::NoGradGuard no_grad;
      upscaler->Enlarge(photo);
    };
    return unit;
  }

  Unit Encode() const {
    Unit unit{.name = "encode", .unit = "photo", .roles = {"autoencoder"}, .run = {}, .flop = Flop("autoencoder")};
    if (!set_.Has("autoencoder")) return unit;
    const auto autoencoder = std::make_shared<Autoencoder>(set_.LoadAutoencoder(device_));
    unit.run = [=, photo = Images(1, set_.ReadAutoencoderConfig().image_size)] {
      const c10::NoGradGuard no_grad;
      autoencoder->Encode(photo);
    };
    return unit;
  }

  // One step of all classes, with the update of their words.
  Unit TextualInversion() const {
    Unit unit{.name = "textual-inversion",
              .unit = "class and step",
              .roles = {"denoiser", "text_encoder", "tokenizer"},
              .run = {},
              .count = static_cast<double>(options_.classes),
              .flop = kContextGradientCost * Flop("denoiser") + 3 * Flop("text_encoder")};
    for (const std::string& role : unit.roles) {
      if (!set_.Has(role)) return unit;
    }
    struct World {
      Denoiser denoiser;
      TextEncoder text_encoder;
      NoiseSchedule schedule;
      std::vector<PromptTemplate> prompts;
      std::vector<TextualInversionProblem> problems;
    };
    const auto world = std::make_shared<World>(
        World{set_.LoadDenoiser(device_, at::kFloat), set_.LoadTextEncoder(device_, at::kFloat), {}, {}, {}});
    world->prompts.emplace_back(ClipTokenizer(set_.ReadChecked("tokenizer"), "tokenizer"), world->text_encoder,
                                "a photo of an #object", "#object", "object", 1);
    for (int64_t c = 0; c < options_.classes; ++c)
      world->problems.push_back({.latents = Latents(5), .deviation = {}, .class_idx = static_cast<uint64_t>(c)});
    unit.run = [=, classes = options_.classes] {
      TextualInversionOptions one;
      one.steps = 1;
      TextualInversionState state = StartTextualInversion(world->prompts[0], classes, one);
      RunTextualInversion({world->denoiser, world->text_encoder, world->schedule, world->prompts}, world->problems, one,
                          &state);
    };
    return unit;
  }

  // A timestep of a photo: the inversion's forward, the conditional one, 10 inner steps, the last move; none stops
  // early.
  Unit NullTextInversion() const {
    Unit unit{.name = "null-text-inversion",
              .unit = "photo and timestep",
              .roles = {"denoiser"},
              .run = {},
              .count = static_cast<double>(options_.photos * kNullTextSteps),
              .flop = (3 + static_cast<double>(kInnerSteps) * kContextGradientCost) * Flop("denoiser")};
    if (!set_.Has("denoiser")) return unit;
    const auto denoiser = LoadDenoiser(at::kFloat);
    unit.run = [=, start = Latents(options_.photos), context = Contexts("context", options_.photos),
                empty = Contexts("empty", 1)] {
      const NullTextOptions options{.steps = kNullTextSteps, .inner_steps = kInnerSteps, .tolerance = 0};
      const NoiseSchedule schedule;
      const c10::NoGradGuard no_grad;
      NullTextState state = StartNullText(*denoiser, schedule, start, context, empty, options);
      RunNullText(*denoiser, schedule, context, options, &state);
    };
    return unit;
  }

  Unit GuidedStep() const {
    Unit unit{.name = "guided-step", .unit = "image", .roles = {"denoiser"}, .run = {}, .flop = 2 * Flop("denoiser")};
    if (!set_.Has("denoiser")) return unit;
    const auto denoiser = LoadDenoiser(dtype_);
    unit.run = [=, latents = Latents(1), conditioning = Conditioning{Contexts("empty", 1), Contexts("context", 1)}] {
      const c10::NoGradGuard no_grad;
      GuidedNoise(*denoiser, latents, 500, conditioning, 7.5);
    };
    return unit;
  }

  // Whole images of one batch, decoded and reduced.
  Unit Generate() const {
    Unit unit{.name = "generate",
              .unit = "image of " + std::to_string(options_.steps) + " steps",
              .roles = {"denoiser", "autoencoder"},
              .run = {},
              .count = static_cast<double>(options_.images),
              .flop = static_cast<double>(2 * options_.steps) * Flop("denoiser")};
    if (!set_.Has("denoiser") || !set_.Has("autoencoder")) return unit;
    const auto denoiser = LoadDenoiser(dtype_);
    const auto autoencoder = std::make_shared<Autoencoder>(set_.LoadAutoencoder(device_));
    const int64_t images = options_.images;
    const Conditioning conditioning{Contexts("empty", 1).expand({images, -1, -1}),
                                    Contexts("context", 1).expand({images, -1, -1})};
    unit.run = [=, this, latents = Latents(images)] {
      const c10::NoGradGuard no_grad;
      const at::Tensor clean =
          Denoise(*denoiser, NoiseSchedule(), latents,
                  {.guidance = 7.5, .timesteps = SamplerTimesteps(options_.steps, TimestepSpacing::kTrailing)},
                  [&](int64_t, const at::Tensor&) { return conditioning; });
      ToBytes(ResizeBilinearAntialias(autoencoder->Decode(clean), options_.image_size, options_.image_size).cpu());
    };
    return unit;
  }

  Unit Decode() const {
    Unit unit{.name = "decode",
              .unit = "image",
              .roles = {"denoiser", "autoencoder"},
              .run = {},
              .count = static_cast<double>(options_.images)};
    if (!set_.Has("denoiser") || !set_.Has("autoencoder")) return unit;
    const auto autoencoder = std::make_shared<Autoencoder>(set_.LoadAutoencoder(device_));
    // models.json counts the encoder's.
    const c10::NoGradGuard counting;
    unit.flop = static_cast<double>(CountFlops([&] { autoencoder->Decode(Latents(1)); }));
    unit.run = [=, latents = Latents(options_.images)] {
      const c10::NoGradGuard no_grad;
      autoencoder->Decode(latents);
    };
    return unit;
  }

  Unit TeacherUnit() const {
    Unit unit{.name = "teacher",
              .unit = "image",
              .roles = {"teacher"},
              .run = {},
              .count = static_cast<double>(kTeacherImages),
              .flop = Flop("teacher")};
    if (!set_.Has("teacher")) return unit;
    const auto teacher = std::make_shared<Teacher>(set_.LoadTeacher(device_, dtype_));
    unit.run = [=, this, images = ToBytes(Images(kTeacherImages, options_.image_size).cpu())] {
      TeacherFeatures(*teacher, images, device_);
    };
    return unit;
  }

  ScriptModule Student(const std::string& architecture) const {
    StudentSpec spec;
    spec.architecture = architecture;
    spec.image_size = options_.image_size;
    const ScriptModule student = BuildClassifier(BuildBackbone(spec, RandomStream({1, "bench/student"})),
                                                 FeatureWidth(spec), kWays, true, RandomStream({1, "bench/head"}));
    student.MoveTo(device_);
    return student;
  }

  Unit Distill(const std::string& architecture) const {
    const at::Tensor images = ToBytes(Images(kStudentBatch, options_.image_size).cpu());
    const DistillSource source{.name = "synthetic",
                               .images = images,
                               .labels = {},
                               .logits = RandomStream({1, "bench/logits"}).Normal({kStudentBatch, kWays})};
    const ScriptModule student = Student(architecture);
    return {.name = "distill-" + architecture,
            .unit = "step of " + std::to_string(kStudentBatch) + " images",
            .roles = {},
            .run =
                [=, precision = options_.precision] {
                  KeepFreedMemory();
                  DistillOptions options;
                  options.steps = 1;
                  options.precision = precision;
                  DistillState state{.student = student, .momenta = {}, .losses = {}, .step = 0};
                  RunDistill({source}, options, {0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}, {}, &state);
                },
            .count = 1,
            .flop = static_cast<double>(kStudentBatch) * 3 * ForwardFlop(architecture, options_.image_size)};
  }

  Unit Evaluate() const {
    const ScriptModule student = Student("conv4");
    student.SetTraining(false);
    return {.name = "evaluate",
            .unit = "query (conv4)",
            .roles = {},
            .run =
                [=, this, images = ToBytes(Images(kQueries, options_.image_size).cpu())] {
                  StudentLogits(student, images, {0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}, device_);
                },
            .count = static_cast<double>(kQueries)};
  }

  BenchOptions options_;
  ModelSet set_;
  int threads_;
  c10::Device device_;
  c10::ScalarType dtype_;
};

}  // namespace

void BenchOptions::Declare(OptionList& list) {
  DeclareModels(list, &models, "Folder of the model set (scripts/export_models.py --size bench writes one).");
  list.Add("only", &only, "Units to time, separated by commas; empty: all.").NotInKey();
  DeclareDevice(list, &device);
  list.Add("dtype", &dtype, "Precision of denoiser (generation), upscaler and teacher.")
      .Choices({"float32", "bfloat16", "float16"});
  DeclareThreads(list, &threads);
  list.Add("repetitions", &repetitions, "Number of timed repetitions of each unit.").Range(1, 1000);
  list.Add("batch-classes", &classes, "Number of classes in a textual-inversion step.").Range(1, 1000);
  list.Add("batch-photos", &photos, "Number of photos in a null-text batch.").Range(1, 1000);
  list.Add("batch-images", &images, "Number of images in a generated batch.").Range(1, 1000);
  list.Add("image-steps", &steps, "Number of denoising steps per generated image.").Range(1, 1000);
  DeclareImageSize(list, &image_size, "Input resolution of the student; 0: 84.");
  DeclarePrecision(list, &precision);
}

double BenchRow::Median() const {
  TINT_CHECK(!seconds.empty());
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

const std::vector<std::string>& BenchNames() {
  static const std::vector<std::string> names = {
      "super-resolve", "encode",  "textual-inversion", "null-text-inversion", "guided-step", "generate",
      "decode",        "teacher", "distill-conv4",     "distill-resnet12",    "evaluate"};
  return names;
}

BenchReport RunBench(const BenchOptions& options) { return Bench(options).Run(); }

Json BenchReport::ToJson() const {
  Json json = {{"device", device},
               {"dtype", dtype},
               {"training_precision", precision},
               {"threads", threads},
               {"matmul_flop_per_second", matmul_rate},
               {"matmul_flop_per_second_float32", matmul_rate_float32},
               {"rows", Json::array()},
               {"left_out", left_out}};
  for (const BenchRow& row : rows) {
    const double median = row.Median();
    json["rows"].push_back({{"name", row.name},
                            {"unit", row.unit},
                            {"seconds", median},
                            {"all_seconds", row.seconds},
                            {"flop", row.flop > 0 ? Json(row.flop) : Json()},
                            {"share_of_matmul", row.flop > 0 ? Json(row.flop / median / matmul_rate) : Json()}});
  }
  return json;
}

std::string BenchReport::ToTable() const {
  std::string text = device + ", " + std::to_string(threads) + " threads, " + dtype + " (training: " + precision +
                     "); matrix product " + fmt::format("{:.4g} GFLOP/s", matmul_rate / 1e9) + "\n\n";
  text +=
      fmt::format("{:<20} {:<26} {:>12} {:>12} {:>12} {:>9}\n", "work", "per", "median", "minimum", "GFLOP", "of peak");
  for (const BenchRow& row : rows) {
    const double median = row.Median(), least = *std::min_element(row.seconds.begin(), row.seconds.end());
    text += fmt::format("{:<20} {:<26} {:9.4g} ms {:9.4g} ms {:>12} {:>9}\n", row.name, row.unit, 1e3 * median,
                        1e3 * least, row.flop > 0 ? fmt::format("{:.4g}", row.flop / 1e9) : "-",
                        row.flop > 0 ? fmt::format("{:.0f} %", 100 * row.flop / median / matmul_rate) : "-");
  }
  for (const std::string& reason : left_out) text += "left out: " + reason + "\n";
  return text;
}

}  // namespace tint
