// All options of a run: the global ones and those of each stage, declared once.
#pragma once

#include <cstdint>
#include <string>

#include "tint/fewshot/distill.h"
#include "tint/inversion/null_text.h"
#include "tint/inversion/textual_inversion.h"
#include "tint/options/resolve.h"

namespace tint {

// What each command of the row understands; which of them enter keys, the stages decide.
struct GlobalOptions {
  std::string run;
  std::string models;
  std::string dataset;
  std::string episodes;
  int64_t episode = 0;
  std::string support;
  std::string query;
  int64_t queries = 0;
  std::string base = "auto";
  std::string synthetic_folder;
  std::string student = "conv4";
  std::string student_weights;
  std::string student_init = "pretrained";
  int64_t image_size = 0;
  int64_t seed = 0;
  std::string device = "auto";
  std::string dtype = "float32";
  int64_t threads = 0;

  void Declare(OptionList& list);
};

// How a command talks: every command has these.
struct ShellOptions {
  bool dry_run = false;
  bool json = false;
  std::string progress = "auto";
  std::string color = "auto";
  std::string log_level = "info";

  void Declare(OptionList& list);
};

struct SuperResolveOptions {
  std::string super_resolution = "auto";
  std::string square = "crop";
  int64_t pre_size = 96;
  int64_t post_size = 0;
  std::string resize = "antialias";
  int64_t tile = 0;  // pixels of the photo; 0: the whole
  int64_t tile_overlap = 32;

  void Declare(OptionList& list);
};

struct GenerateOptions {
  int64_t images = 4000;
  double alpha = 1.0;
  bool random_alpha = false;
  double guidance = 7.5;
  std::string sampler = "ddim";
  int64_t support = -1;  // index of the one photo to vary; -1: any
  bool keep_originals = false;
  int64_t batch_size = 0;  // images of one batch; 0: by the device

  void Declare(OptionList& list);
};

// What is scored, and by what. None of it enters a key: the row scores its distilled student.
struct EvaluateOptions {
  std::string method = "distilled";
  std::string backbone = "student";
  int64_t count = 0;
  double near_duplicate_cosine = 0.97;

  void Declare(OptionList& list);
};

struct RunOptions {
  GlobalOptions global;
  ShellOptions shell;
  SuperResolveOptions super_resolve;
  TextualInversionOptions textual_inversion;
  NullTextOptions null_text;
  GenerateOptions generate;
  DistillOptions distill;
  EvaluateOptions evaluate;

  // Global and shell options under "", each stage's under its name.
  void Declare(CommandOptions& command);
};

// An option that a command cannot do without: "" is Error(kUsage) naming flag and meaning.
void RequireGiven(const std::string& value, const std::string& flag, const std::string& meaning);

// The names of the stages, in the order of the row.
const std::vector<std::string>& StageNames();

}  // namespace tint
