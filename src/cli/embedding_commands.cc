// SPDX-License-Identifier: Apache-2.0
// embedding show, embedding export.
#include <ATen/ops/linalg_vector_norm.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "output_file.h"
#include "tint/artifacts/completed_stage.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/inversion/embedding_file.h"
#include "tint/options/shared_options.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr char kExtension[] = ".safetensors";

// A file of a finished stage is checked against its record, so that damaged files are not exported.
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

std::string Description(const LearnedEmbedding& embedding, const std::string& file, const std::vector<double>& norms) {
  std::string text = Quote(file) + ": " + CountOf(embedding.vectors) + ", " + embedding.dtype + "\n  layout  " +
                     embedding.layout + "\n  word    " + Quote(embedding.name) + "\n  norm    ";
  for (size_t i = 0; i < norms.size(); ++i) {
    text += fmt::format("{}{:.4g}", i == 0 ? "" : ", ", norms[i]);
  }
  return text + "\n";
}

class EmbeddingShowCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    options.Positional({"FILE",
                        "<class>.safetensors of a textual-inversion result, or an embedding file of diffusers, A1111, "
                        "kohya or OneTrainer.",
                        true, false, TextKind::kFile});
  }

  void Run(const CommandOptions& options) override {
    const std::string& file = options.positionals().at(0);
    const LearnedEmbedding embedding = ReadAnyWidth(file);
    const std::vector<double> norms = Norms(embedding.vectors);
    PrintResult(shell,
                {{"file", file},
                 {"layout", embedding.layout},
                 {"name", embedding.name},
                 {"vectors", embedding.vectors.size(0)},
                 {"width", embedding.vectors.size(1)},
                 {"dtype", embedding.dtype},
                 {"norms", norms}},
                Description(embedding, file, norms));
  }
};

class EmbeddingExportCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    list.Add("format", &format_,
             "diffusers: the word is a key in the file; load it with pipe.load_textual_inversion(FILE, token=WORD). "
             "a1111: for embeddings/ of A1111 or models/embeddings/ of ComfyUI; the word is the file name without "
             "extension (in ComfyUI: embedding:NAME).")
        .Choices(EmbeddingLayouts())
        .NotInKey();
    DeclareOut(list, &out_, "File to write, NAME.safetensors.");
    list.Add("token", &token_,
             "Word to use in prompts, for --format diffusers; empty: <NAME>, from the name of --out. diffusers rejects "
             "words that its tokenizer already has, such as cat.")
        .NotInKey();
    DeclareForce(list, &force_);
    options.Positional({"FILE",
                        "Embedding file: RUN/episodes/EPISODE/textual-inversion/KEY/<class>.safetensors (tint inspect "
                        "RUN lists the folders), or any file that tint embedding show reads.",
                        true, false, TextKind::kFile});
  }

  void Run(const CommandOptions& options) override {
    CheckOut(out_, kExtension, force_);
    const std::string token = Token();
    const LearnedEmbedding embedding = ReadAnyWidth(options.positionals().at(0));
    const std::string bytes = WriteEmbedding(embedding.vectors, token, format_);
    if (!shell.dry_run) WriteOut(out_, bytes, force_);
    const std::string use = format_ == kA1111
                                ? "the word is the file name, " + Quote(token)
                                : "pipe.load_textual_inversion(" + Literal(out_) + ", token=" + Literal(token) + ")";
    PrintResult(shell,
                {{"file", out_},
                 {"sha256", Sha256Hex(bytes)},
                 {"format", format_},
                 {"token", token},
                 {"vectors", embedding.vectors.size(0)},
                 {"width", embedding.vectors.size(1)},
                 {"dry_run", shell.dry_run}},
                CountOf(embedding.vectors) + (shell.dry_run ? " would be written to " : " written to ") + Quote(out_) +
                    ": " + use + "\n");
  }

 private:
  static constexpr char kA1111[] = "a1111";

  std::string Token() const {
    const std::string name = fs::path(out_).stem();
    if (format_ == kA1111) {
      if (token_.empty() || token_ == name) return name;
      Fail(ExitCode::kUsage,
           {.field = "--token",
            .found = "is " + Quote(token_),
            .expected = "none, or " + Quote(name) + ", because the word is the file name in this format",
            .remedy = "Rename --out."});
    }
    const std::string token = token_.empty() ? "<" + name + ">" : token_;
    const std::string problem = PlaceholderProblem(token);
    if (problem.empty()) return token;
    Fail(ExitCode::kUsage,
         {.field = "--token", .found = Quote(token) + " " + problem, .expected = "one word, such as <cat-toy>"});
  }

  std::string format_ = "diffusers", out_, token_;
  bool force_ = false;
};

}  // namespace

HandlerPtr MakeEmbeddingShowCommand(const std::string& /*name*/) { return std::make_unique<EmbeddingShowCommand>(); }
HandlerPtr MakeEmbeddingExportCommand(const std::string& /*name*/) {
  return std::make_unique<EmbeddingExportCommand>();
}

}  // namespace tint
