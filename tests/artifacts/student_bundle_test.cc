// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/student_bundle.h"

#include <ATen/ATen.h>

#include "stage_results.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

using StudentBundleTest = testing::StageResultTest;

StudentCard Card() {
  return {.architecture = "conv4",
          .classes = {"cat", "a b"},
          .image_size = 84,
          .mean = {0.1, 0.2, 0.3},
          .std = {1, 2, 3},
          .file_sha256 = {}};
}

TEST_F(StudentBundleTest, ReadsWhatWasWritten) {
  const CompletedStage stage = Finish([](StageWriter& writer) {
    EXPECT_FALSE(ReadPseudoLabels(writer));
    WritePseudoLabels({{"base", at::ones({2, 3})}}, writer);
    EXPECT_TRUE(ReadPseudoLabels(writer)->at("base").equal(at::ones({2, 3})));
    WriteStudent("module", "", Card(), writer);
  });
  EXPECT_THAT(stage.Files(), ElementsAre("pseudo_labels.safetensors", "student.json", "student.pt"));
  EXPECT_TRUE(HasStudent(stage));
  EXPECT_EQ(stage.Read(kStudentFile), "module");
  const StudentCard card = StudentCard::Read(stage);
  EXPECT_EQ(card.architecture, "conv4");
  EXPECT_THAT(card.classes, ElementsAre("cat", "a b"));
  EXPECT_EQ(card.image_size, 84);
  EXPECT_EQ(card.mean, Card().mean);
  EXPECT_EQ(card.std, Card().std);
  EXPECT_EQ(card.file_sha256, Sha256Hex("module"));
}

TEST_F(StudentBundleTest, KeepsOnnxWhereThereIsSome) {
  const CompletedStage stage = Finish([](StageWriter& writer) { WriteStudent("m", "onnx", Card(), writer); });
  EXPECT_EQ(stage.Read("student.onnx"), "onnx");
}

TEST(StudentCard, RefusesAnEditedCard) {
  std::string text = Card().ToText();
  EXPECT_EQ(StudentCard::Parse(text, "student.json").classes, Card().classes);
  text.replace(text.find("cat"), 3, "dog");
  EXPECT_THAT(CatchError([&] { StudentCard::Parse(text, "student.json"); }),
              FailsWith(ExitCode::kCorrupt, HasSubstr("student.json")));
}

}  // namespace
}  // namespace tint
