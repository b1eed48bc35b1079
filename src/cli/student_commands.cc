// SPDX-License-Identifier: Apache-2.0
// student export.
#include "commands.h"
#include "output_file.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/fewshot/onnx.h"
#include "tint/options/shared_options.h"
#include "tint/stages/predict.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

class StudentExportCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    list.Add("format", &format_,
             "onnx: opset 13, for ONNX Runtime, OpenCV's dnn and others. Input `images`, float32 [batch, 3, S, S], RGB "
             "in [0, 1] (bytes / 255; mean and std are in the graph); output `logits`; classes, S and the resize rule "
             "are in the file's metadata. For LibTorch use student.pt itself.")
        .Choices({"onnx"})
        .NotInKey();
    DeclareOut(list, &out_, "File to write, NAME.onnx.");
    DeclareForce(list, &force_);
    options.Positional(
        {"STUDENT", "student.pt of a distill result, or its folder.", true, false, TextKind::kFileOrFolder});
  }

  void Run(const CommandOptions& options) override {
    CheckOut(out_, ".onnx", force_);
    SetUpTensorLibrary(0);
    const auto [card, module] = OpenStudent(options.positionals().at(0), "cpu");
    const std::string bytes = StudentToOnnx(module, {.architecture = card.architecture,
                                                     .classes = card.classes,
                                                     .image_size = card.image_size,
                                                     .mean = card.mean,
                                                     .std = card.std});
    if (!shell.dry_run) WriteOut(out_, bytes, force_);
    const std::string size = std::to_string(card.image_size);
    PrintResult(shell,
                {{"file", out_},
                 {"sha256", Sha256Hex(bytes)},
                 {"format", format_},
                 {"architecture", card.architecture},
                 {"classes", card.classes},
                 {"image_size", card.image_size},
                 {"dry_run", shell.dry_run}},
                card.architecture + " with " + std::to_string(card.classes.size()) + " classes" +
                    (shell.dry_run ? " would be written to " : " written to ") + Quote(out_) + ": images [batch, 3, " +
                    size + ", " + size + "], RGB in [0, 1] -> logits\n");
  }

 private:
  std::string format_ = "onnx", out_;
  bool force_ = false;
};

}  // namespace

HandlerPtr MakeStudentExportCommand(const std::string& /*name*/) { return std::make_unique<StudentExportCommand>(); }

}  // namespace tint
