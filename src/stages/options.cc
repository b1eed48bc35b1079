#include "tint/stages/options.h"

#include "tint/base/error.h"

namespace tint {

void GlobalOptions::Declare(OptionList& list) {
  list.Add("run", &run, "Run folder: everything a run makes lies there.").Is(TextKind::kFolder).NotInKey();
  list.Add("models", &models, "Folder of the model set (holds models.json).").Is(TextKind::kFolder).NotInKey();
  list.Add("dataset", &dataset, "Data set below $TINT_DATA, such as miniimagenet.").Is(TextKind::kDataset);
  list.Add("episodes", &episodes,
           "File of fixed episodes (tint episodes draw); empty: the list that comes with the data set.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("episode", &episode, "Index of the episode in the file.").Range(0, 1e9).NotInKey();
  list.Add("support", &support, "Folder with one folder of photos per class, instead of an episode.")
      .Is(TextKind::kFolder)
      .NotInKey();
  list.Add("query", &query, "Folder of the same form, with photos to score.").Is(TextKind::kFolder).NotInKey();
  list.Add("queries", &queries, "Only the first N queries of each class; 0: all.").Range(0, 1e9);
  list.Add("base", &base,
           "Base images that the teacher labels: DATASET:SPLIT, a folder of class folders, or none; auto: the data "
           "set's train split, none for your own photos.")
      .Is(TextKind::kFolder)
      .Offers({"auto", "none"});
  list.Add("synthetic-folder", &synthetic_folder,
           "Folder with one folder of images per class that stand for the generated ones: mined or another "
           "generator's. Then the stages before distill have no work.")
      .Is(TextKind::kFolder)
      .NotInKey()
      .Source("paper, Table 2");
  list.Add("student", &student, "Architecture of the student.")
      .Choices({"conv4", "resnet12"})
      .Source("docs/method.md, Students");
  list.Add("student-weights", &student_weights, "TorchScript file the student starts from; listed in models.json.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("student-init", &student_init, "Where a student without --student-weights starts.")
      .Choices({"pretrained", "random"});
  list.Add("image-size", &image_size, "Side of the student's images; 0: the data set's (84 for your own photos).")
      .Range(0, 1024)
      .Unit("pixels");
  list.Add("seed", &seed, "Seed of every random draw.").Range(0, 9007199254740991.0);
  list.Add("device", &device, "Device to run on: auto, cpu, cuda or cuda:N.")
      .Offers({"auto", "cpu", "cuda"})
      .Matching("auto|cpu|cuda(:[0-9]{1,3})?", "auto, cpu, cuda or cuda:N");
  list.Add("dtype", &dtype, "Precision of denoiser, text encoder, upscaler and teacher.")
      .Choices({"float32", "bfloat16", "float16"});
  list.Add("threads", &threads, "Number of intra-op threads (0: one per core).").Range(0, 4096);
}

void ShellOptions::Declare(OptionList& list) {
  list.Add("dry-run", &dry_run, "Say what would be done, what already exists, and what it costs; do nothing.")
      .NotInKey();
  list.Add("json", &json, "Print the result as one JSON object.").NotInKey();
  list.Add("progress", &progress, "How progress is shown on stderr.")
      .Choices({"auto", "bar", "lines", "json", "none"})
      .NotInKey();
  list.Add("color", &color, "Colours in messages; NO_COLOR is honoured.")
      .Choices({"auto", "always", "never"})
      .NotInKey();
  list.Add("log-level", &log_level, "Minimum severity of log messages.")
      .Choices({"trace", "debug", "info", "warning", "error", "off"})
      .NotInKey();
}

void SuperResolveOptions::Declare(OptionList& list) {
  list.Add("super-resolution", &super_resolution,
           "Whether photos go through the upscaler; auto: those smaller than post-size; never: plain bilinear to "
           "post-size.")
      .Choices({"auto", "always", "never"})
      .Source("paper section 3.1");
  list.Add("square", &square,
           "How a photo becomes a square: crop: its centre; pad: continued by its border; stretch: resized.")
      .Choices({"crop", "pad", "stretch"});
  list.Add("pre-size", &pre_size, "Side to which a photo is resized (bilinear) before the upscaler.")
      .Range(16, 2048)
      .Unit("pixels")
      .Preset("upstream", 128)
      .Source("paper section 3.1: 84 -> 96; upstream: the paper's released code");
  list.Add("post-size", &post_size, "Side after it; 0: the image size of the autoencoder.")
      .Range(0, 4096)
      .Unit("pixels")
      .Source("paper section 3.1: 384 -> 512");
  list.Add("resize", &resize, "Rule of the last resize where it reduces.")
      .Choices({"antialias", "bilinear"})
      .Preset("upstream", "bilinear")
      .Source("docs/method.md, Super-resolution; upstream: the paper's released code");
  list.Add("tile", &tile, "Side of the tiles that the upscaler sees one at a time; 0: the whole photo.")
      .Range(0, 4096)
      .Unit("pixels")
      .Source("HAT's released code; saves memory with a large pre-size");
  list.Add("tile-overlap", &tile_overlap, "What a tile sees of its neighbours.")
      .Range(0, 512)
      .Unit("pixels")
      .Source("HAT's released code: 32");
}

void GenerateOptions::Declare(OptionList& list) {
  list.Add("images", &images, "Images per class.")
      .Range(1, 1000000)
      .Preset("upstream", 1000)
      .Preset("smoke", 8)
      .Source("paper section 4: 4,000; upstream: the paper's released code");
  list.Add("alpha", &alpha, "Share of fresh noise in the starting latent; 0 reconstructs the photo.")
      .Range(0, 1)
      .Source("paper eq. 3");
  list.Add("random-alpha", &random_alpha, "Draw alpha for each image, evenly from 0 to 1.")
      .Source("the paper's released code");
  list.Add("guidance", &guidance, "Guidance scale w; 1 is the conditional branch alone.")
      .Range(0, 100)
      .Source("arXiv 2207.12598; the paper's released code: 7.5");
  list.Add("sampler", &sampler,
           "ddim; or dpm-solver++ (2M) on the same timesteps, for which the embeddings were not made: another "
           "generator.")
      .Choices({"ddim", "dpm-solver++"})
      .Source("arXiv 2010.02502; dpm-solver++: arXiv 2211.01095");
  list.Add("support-photo", &support,
           "Index of the one support photo whose path is taken; -1: one at random for each image.")
      .Range(-1, 1e6);
  list.Add("keep-originals", &keep_originals,
           "Also keep the images at the diffusion model's size, in <class>-000-original.zip and so on.");
  list.Add("batch-size", &batch_size,
           "Images of one batch; 0: 8 on the CPU, 32 on a GPU. Fewer need less memory and give the same result up to "
           "rounding.")
      .Range(0, 4096)
      .Unit("images");
}

void EvaluateOptions::Declare(OptionList& list) {
  list.Add(
          "method", &method,
          "What scores the queries: the student that distill made; or, with no run folder and for every episode of the "
          "file, nearest centroid or logistic regression on the features of --backbone.")
      .Choices({"distilled", "nearest-centroid", "logistic-regression"})
      .NotInKey()
      .Source("PMF (arXiv 2204.07305); LabelHalluc (arXiv 2112.03340)");
  list.Add("backbone", &backbone, "Whose features --method takes: those of the model set's student or of its teacher.")
      .Choices({"student", "teacher"})
      .NotInKey();
  list.Add("count", &count, "With --method: only the first N episodes of the file; 0: all.").Range(0, 1e9).NotInKey();
  list.Add("near-duplicate-cosine", &near_duplicate_cosine,
           "A query is a near-duplicate of a support too where the teacher's features of the two have a cosine above "
           "this; 1, or a model set without a teacher: hashes of the images alone tell.")
      .Range(0, 1)
      .Preset("smoke", 1.0);
}

void RunOptions::Declare(CommandOptions& command) {
  global.Declare(command.Group(""));
  shell.Declare(command.Group(""));
  super_resolve.Declare(command.Group("super-resolve"));
  textual_inversion.Declare(command.Group("textual-inversion"));
  null_text.Declare(command.Group("null-text-inversion"));
  generate.Declare(command.Group("generate"));
  distill.Declare(command.Group("distill"));
  evaluate.Declare(command.Group("evaluate"));
}

void RequireGiven(const std::string& value, const std::string& flag, const std::string& meaning) {
  if (!value.empty()) return;
  Fail(ExitCode::kUsage, {.field = flag, .found = "not given", .expected = meaning, .remedy = "See --help."});
}

const std::vector<std::string>& StageNames() {
  static const std::vector<std::string> names = {"super-resolve", "textual-inversion", "null-text-inversion",
                                                 "generate",      "distill",           "evaluate"};
  return names;
}

}  // namespace tint
