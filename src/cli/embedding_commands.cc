// embedding show, embedding export.
#include <ATen/ops/linalg_vector_norm.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "tint/artifacts/stage_folder.h"
#include "tint/base/file.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/inversion/embedding_file.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr char kExtension[] = ".safetensors";

// A file of a finished stage is checked against its record: damage is told as such, not exported.
std::string ReadChecked(const fs::path& file) {
  const fs::path path = fs::absolute(file);
  if (const auto stage = CompletedStage::Open(path.parent_path())) {
    const std::vector<std::string> files = stage->Files();
    if (std::find(files.begin(), files.end(), path.filename()) != files.end()) return stage->Read(path.filename());
  }
  return ReadFile(file, kMaxEmbeddingFileBytes);
}

LearnedEmbedding ReadAnyWidth(const std::string& file) {
  return ReadEmbedding(ReadChecked(file), file, kAnyEmbeddingWidth);
}

std::vector<double> Norms(const at::Tensor& vectors) {
  const at::Tensor norms = at::linalg_vector_norm(vectors, 2, at::IntArrayRef{1}, false, at::kDouble);
  return {norms.const_data_ptr<double>(), norms.const_data_ptr<double>() + norms.numel()};
}

std::string CountOf(const at::Tensor& vectors) {
  return std::to_string(vectors.size(0)) + (vectors.size(0) == 1 ? " vector" : " vectors") + " of width " +
         std::to_string(vectors.size(1));
}

// As Python writes it.
std::string Literal(const std::string& text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

struct ExportOptions {
  std::string format = "diffusers", out, token;
  bool force = false;

  void Declare(OptionList& list) {
    list.Add("format", &format,
             "diffusers: the word is a key of the file; load it with pipe.load_textual_inversion(FILE, token=WORD). "
             "a1111: for the folder embeddings/ of A1111 or models/embeddings/ of ComfyUI; the word is the file's "
             "name without extension, in ComfyUI written embedding:NAME.")
        .Choices(EmbeddingLayouts())
        .NotInKey();
    list.Add("out", &out, "File to write, NAME.safetensors.").Is(TextKind::kFile).NotInKey();
    list.Add("token", &token,
             "Word to be used in prompts, for --format diffusers; empty: the name of --out in angle brackets, <NAME>. "
             "diffusers refuses words that its tokenizer has already, such as cat.")
        .NotInKey();
    list.Add("force", &force, "Replace --out if it is there.").NotInKey();
  }
};

std::string TokenFor(const ExportOptions& options) {
  const std::string name = fs::path(options.out).stem();
  if (options.format == "a1111") {
    if (options.token.empty() || options.token == name) return name;
    Fail(ExitCode::kUsage, {.field = "--token",
                            .found = Quote(options.token),
                            .expected = "none, or " + Quote(name) + ", as the word is the file's name in this format",
                            .remedy = "Rename --out."});
  }
  const std::string token = options.token.empty() ? "<" + name + ">" : options.token;
  const std::string problem = PlaceholderProblem(token);
  if (problem.empty()) return token;
  Fail(ExitCode::kUsage,
       {.field = "--token", .found = Quote(token) + " " + problem, .expected = "one word, such as <cat-toy>"});
}

}  // namespace

int RunEmbeddingShow(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  shell.Declare(grammar.Group(""));
  grammar.Positional(
      {"FILE",
       "Learned word: a <class>.safetensors of a textual-inversion stage, or a file of diffusers, A1111, "
       "kohya or OneTrainer.",
       true, false, TextKind::kFile});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  const std::string& file = grammar.positionals().at(0);
  const LearnedEmbedding embedding = ReadAnyWidth(file);
  const std::vector<double> norms = Norms(embedding.vectors);
  std::string text = Quote(file) + ": " + CountOf(embedding.vectors) + ", " + embedding.dtype + "\n  layout  " +
                     embedding.layout + "\n  word    " + Quote(embedding.name) + "\n  norm    ";
  for (size_t i = 0; i < norms.size(); ++i) {
    char number[40];
    std::snprintf(number, sizeof number, "%s%.4g", i == 0 ? "" : ", ", norms[i]);
    text += number;
  }
  PrintResult(shell,
              {{"file", file},
               {"layout", embedding.layout},
               {"name", embedding.name},
               {"vectors", embedding.vectors.size(0)},
               {"width", embedding.vectors.size(1)},
               {"dtype", embedding.dtype},
               {"norms", norms}},
              text + "\n");
  return 0;
}

int RunEmbeddingExport(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ExportOptions options;
  ShellOptions shell;
  options.Declare(grammar.Group(""));
  shell.Declare(grammar.Group(""));
  grammar.Positional({"FILE",
                      "Learned word: RUN/episodes/EPISODE/textual-inversion/KEY/<class>.safetensors of a run (tint "
                      "inspect RUN lists the folders), or any file that tint embedding show reads.",
                      true, false, TextKind::kFile});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  CheckOut(options.out, kExtension, options.force);
  const std::string token = TokenFor(options);
  const LearnedEmbedding embedding = ReadAnyWidth(grammar.positionals().at(0));
  const std::string bytes = WriteEmbedding(embedding.vectors, token, options.format);
  if (!shell.dry_run) WriteOut(options.out, bytes, options.force);
  const std::string use = options.format == "a1111" ? "the word is the file's name, " + Quote(token)
                                                    : "pipe.load_textual_inversion(" + Literal(options.out) +
                                                          ", token=" + Literal(token) + ")";
  PrintResult(
      shell,
      {{"file", options.out},
       {"sha256", Sha256Hex(bytes)},
       {"format", options.format},
       {"token", token},
       {"vectors", embedding.vectors.size(0)},
       {"width", embedding.vectors.size(1)},
       {"dry_run", shell.dry_run}},
      CountOf(embedding.vectors) + (shell.dry_run ? " would be in " : " in ") + Quote(options.out) + ": " + use + "\n");
  return 0;
}

}  // namespace tint
