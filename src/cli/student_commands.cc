// student export.

#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/fewshot/onnx.h"
#include "tint/stages/predict.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

struct ExportOptions {
  std::string format = "onnx", out;
  bool force = false;

  void Declare(OptionList& list) {
    list.Add("format", &format,
             "onnx: opset 13, for ONNX Runtime, OpenCV's dnn and others. Input `images`, float32 [batch, 3, S, S], RGB "
             "in [0, 1] (bytes / 255; mean and std are in the graph); output `logits`; classes, S and the resize rule "
             "are in the file's metadata. The LibTorch form is student.pt itself.")
        .Choices({"onnx"})
        .NotInKey();
    list.Add("out", &out, "File to write, NAME.onnx.").Is(TextKind::kFile).NotInKey();
    list.Add("force", &force, "Replace --out if it is there.").NotInKey();
  }
};

}  // namespace

int RunStudentExport(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ExportOptions options;
  ShellOptions shell;
  options.Declare(grammar.Group(""));
  shell.Declare(grammar.Group(""));
  grammar.Positional(
      {"STUDENT", "The student.pt of a distill result, or its folder.", true, false, TextKind::kFileOrFolder});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  CheckOut(options.out, ".onnx", options.force);
  SetUpTensorLibrary(0);
  const auto [card, module] = OpenStudent(grammar.positionals().at(0), "cpu");
  const std::string bytes = StudentToOnnx(module, {.architecture = card.architecture,
                                                   .classes = card.classes,
                                                   .image_size = card.image_size,
                                                   .mean = card.mean,
                                                   .std = card.std});
  if (!shell.dry_run) WriteOut(options.out, bytes, options.force);
  const std::string size = std::to_string(card.image_size);
  PrintResult(shell,
              {{"file", options.out},
               {"sha256", Sha256Hex(bytes)},
               {"format", options.format},
               {"architecture", card.architecture},
               {"classes", card.classes},
               {"image_size", card.image_size},
               {"dry_run", shell.dry_run}},
              card.architecture + " of " + std::to_string(card.classes.size()) + " classes" +
                  (shell.dry_run ? " would be in " : " in ") + Quote(options.out) + ": images [batch, 3, " + size +
                  ", " + size + "], RGB in [0, 1] -> logits\n");
  return 0;
}

}  // namespace tint
