// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/options.h"

#include "tint/options/shared_options.h"

namespace tint {

void GlobalOptions::Declare(OptionList& list) {
  list.Add("run", &run, "Run folder: holds everything that a run produces.").Is(TextKind::kFolder).NotInKey();
  DeclareModels(list, &models);
  DeclareDataset(list, &dataset);
  list.Add("episodes", &episodes,
           "Episode file (tint episodes draw writes one); empty: the list that comes with the data set.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("episode", &episode, "Index of the episode in the file.").Range(0, 1e9).NotInKey();
  list.Add("support", &support, "Folder with one folder of photos per class, instead of an episode.")
      .Is(TextKind::kFolder)
      .NotInKey();
  list.Add("query", &query, "Folder of photos to score, laid out like --support.").Is(TextKind::kFolder).NotInKey();
  list.Add("queries", &queries, "Number of queries per class, the first ones; 0: all.").Range(0, 1e9);
  list.Add("base", &base,
           "Base images, labelled by the teacher: DATASET:SPLIT, a folder of class folders, or none; auto: "
           "the train split of the data set, none for your own photos.")
      .Is(TextKind::kFolder)
      .Offers({"auto", "none"});
  list.Add("synthetic-folder", &synthetic_folder,
           "Folder with one folder of images per class, to be used instead of generated images. The stages "
           "before distill are then skipped.")
      .Is(TextKind::kFolder)
      .NotInKey()
      .Source("paper, Table 2");
  DeclareStudent(list);
  DeclareSeed(list, &seed);
  DeclareDevice(list, &device);
  list.Add("dtype", &dtype, "Data type of denoiser, text encoder, upscaler and teacher.")
      .Choices({"float32", "bfloat16", "float16"});
  DeclareThreads(list, &threads);
}

void GlobalOptions::DeclareStudent(OptionList& list) {
  list.Add("student", &student, "Architecture of the student.")
      .Choices({"conv4", "resnet12"})
      .Source("docs/method.md, Students");
  list.Add("student-weights", &student_weights,
           "TorchScript file of the initial weights of the student; must be listed in models.json.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("student-init", &student_init, "Initial weights of a student without --student-weights.");
  DeclareImageSize(list, &image_size,
                   "Input resolution of the student; 0: that of the data set (84 for your own photos).");
}

void SuperResolveOptions::Declare(OptionList& list) {
  list.Add("super-resolution", &super_resolution,
           "Whether photos are upscaled by the upscaler; auto: those smaller than post-size; never: "
           "bilinear interpolation to post-size.")
      .Source("paper section 3.1");
  list.Add("square", &square,
           "How a photo is made square: crop (centre crop), pad (replicate the border) or stretch (resize).");
  list.Add("pre-size", &pre_size, "Size to which a photo is resized (bilinear) before the upscaler.")
      .Range(16, 2048)
      .Unit("pixels")
      .Preset("upstream", 128)
      .Source("paper section 3.1: 84 -> 96; upstream: the paper's released code");
  list.Add("post-size", &post_size, "Size of the result; 0: the image size of the autoencoder.")
      .Range(0, 4096)
      .Unit("pixels")
      .Source("paper section 3.1: 384 -> 512");
  list.Add("resize", &resize, "Interpolation of the final resizing, where it reduces the size.")
      .Preset("upstream", "bilinear")
      .Source("docs/method.md, Super-resolution; upstream: the paper's released code");
  list.Add("tile", &tile, "Size of the tiles that are upscaled one at a time; 0: the whole photo at once.")
      .Range(0, 4096)
      .Unit("pixels")
      .Source("HAT's released code; saves memory with a large pre-size");
  list.Add("tile-overlap", &tile_overlap, "Overlap of neighbouring tiles.")
      .Range(0, 512)
      .Unit("pixels")
      .Source("HAT's released code: 32");
}

void GenerateOptions::Declare(OptionList& list) {
  list.Add("images", &images, "Number of images per class.")
      .Range(1, 1000000)
      .Preset("upstream", 1000)
      .Preset("smoke", 8)
      .Source("paper section 4: 4,000; upstream: the paper's released code");
  list.Add("alpha", &alpha, "Share of fresh noise in the initial latent; 0 reconstructs the photo.")
      .Range(0, 1)
      .Source("paper eq. 3");
  list.Add("random-alpha", &random_alpha, "Draw alpha uniformly from [0, 1] for each image.")
      .Source("the paper's released code");
  list.Add("guidance", &guidance, "Guidance scale w; 1: the conditional prediction alone.")
      .Range(0, 100)
      .Source("arXiv 2207.12598; the paper's released code: 7.5");
  list.Add("sampler", &sampler,
           "Sampler; dpm-solver++ (2M) uses the same timesteps, but the null-text embeddings are optimised "
           "for ddim.")
      .Source("arXiv 2010.02502; dpm-solver++: arXiv 2211.01095");
  list.Add("support-photo", &support, "Index of the support photo whose path is used; -1: a random one for each image.")
      .Range(-1, 1e6);
  list.Add("keep-originals", &keep_originals,
           "Also store the images at the diffusion model's size (<class>-000-original.zip).");
  list.Add("batch-size", &batch_size,
           "Number of images per batch; 0: 8 on the CPU, 32 on a GPU. Smaller batches need less memory; "
           "results agree up to rounding.")
      .Range(0, 4096)
      .Unit("images");
}

void EvaluateOptions::Declare(OptionList& list) {
  list.Add("method", &method,
           "What to score: the distilled student of a run; or, for every episode of the file and without a "
           "run folder, nearest centroid or logistic regression on the features of --backbone.")
      .NotInKey()
      .Source("PMF (arXiv 2204.07305); LabelHalluc (arXiv 2112.03340)");
  list.Add("backbone", &backbone, "Model whose features --method uses: the student or the teacher of the model set.")
      .NotInKey();
  list.Add("count", &count, "With --method: number of episodes, the first ones of the file; 0: all.")
      .Range(0, 1e9)
      .NotInKey();
  list.Add("near-duplicate-cosine", &near_duplicate_cosine,
           "A query is also reported as a near-duplicate of a support if the cosine of their teacher "
           "features is above this; 1, or a model set without a teacher: image hashes only.")
      .Range(0, 1)
      .Preset("smoke", 1.0);
}

void RunOptions::Declare(CommandOptions& command) {
  global.Declare(command.Group(""));
  super_resolve.Declare(command.Group("super-resolve"));
  textual_inversion.Declare(command.Group("textual-inversion"));
  null_text.Declare(command.Group("null-text-inversion"));
  generate.Declare(command.Group("generate"));
  distill.Declare(command.Group("distill"));
  evaluate.Declare(command.Group("evaluate"));
}

const std::vector<std::string>& StageNames() {
  static const std::vector<std::string> names = {"super-resolve", "textual-inversion", "null-text-inversion",
                                                 "generate",      "distill",           "evaluate"};
  return names;
}

}  // namespace tint
