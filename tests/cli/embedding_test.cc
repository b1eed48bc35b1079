// SPDX-License-Identifier: Apache-2.0
// Learned words between a run and other tools, through the program.
#include <ATen/ATen.h>

#include "prelude.h"
#include "program.h"
#include "tensor_matchers.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/inversion/embedding_file.h"
#include "tint/tensor/safetensors.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

at::Tensor TwoVectors() {
  at::Tensor vectors = at::zeros({2, 768});
  vectors[0][0] = 3.0;
  vectors[0][5] = -4.0;
  vectors[1][767] = 0.5;
  return vectors;
}

// A word as kohya's trainer leaves it, in half precision.
std::string ForeignFile() { return SerializeSafetensors({{"emb_params", TwoVectors().to(at::kHalf)}}); }

class Embedding : public testing::FolderTest {
 protected:
  void SetUp() override { WriteAll(source_, ForeignFile()); }

  Outcome Export(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"embedding", "export", source_, "--out", folder_ / out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram(arguments);
  }
  LearnedEmbedding Read(const std::string& file) const {
    return ReadEmbedding(ReadAll(folder_ / file), folder_ / file, 768);
  }

  const fs::path source_ = folder_ / "kitten.safetensors";
};

TEST_F(Embedding, ShowTellsWhatTheFileHolds) {
  const Outcome shown = RunProgram({"embedding", "show", source_, "--json"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_EQ(shown.json(), Json({{"file", source_.string()},
                                {"layout", "a1111"},
                                {"name", "kitten"},
                                {"vectors", 2},
                                {"width", 768},
                                {"dtype", "float16"},
                                {"norms", {5.0, 0.5}}}));
  EXPECT_THAT(RunProgram({"embedding", "show", source_}).out,
              AllOf(HasSubstr("2 vectors of width 768, float16"), HasSubstr("layout  a1111"),
                    HasSubstr("word    kitten"), HasSubstr("norm    5, 0.5")));
}

TEST_F(Embedding, ExportsForDiffusers) {
  const Outcome done = Export("cat.safetensors", {"--json"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.json()["token"], "<cat>");
  EXPECT_EQ(done.json()["sha256"], Sha256Hex(ReadAll(folder_ / "cat.safetensors")));
  EXPECT_EQ(Read("cat.safetensors").layout, "diffusers");
  EXPECT_EQ(Read("cat.safetensors").name, "<cat>");
  EXPECT_THAT(Read("cat.safetensors").vectors, TensorEquals(TwoVectors()));
  EXPECT_THAT(Export("named.safetensors", {"--token", "<my-cat>"}).out,
              HasSubstr("named.safetensors\", token=\"<my-cat>\")"));
  EXPECT_EQ(Read("named.safetensors").name, "<my-cat>");
}

TEST_F(Embedding, ExportsForA1111) {
  const Outcome done = Export("cat.safetensors", {"--format", "a1111"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("the word is the file name, cat"));
  EXPECT_EQ(Read("cat.safetensors").layout, "a1111");
  EXPECT_THAT(Read("cat.safetensors").vectors, TensorEquals(TwoVectors()));
}

TEST_F(Embedding, AnExistingFileStays) {
  WriteAll(folder_ / "cat.safetensors", "precious");
  const Outcome refused = Export("cat.safetensors");
  EXPECT_EQ(refused.code, 73);
  EXPECT_THAT(refused.err, HasSubstr("already exists; expected a new file. Use --force"));
  EXPECT_EQ(ReadAll(folder_ / "cat.safetensors"), "precious");
  fs::create_symlink("nowhere", folder_ / "link.safetensors");
  EXPECT_EQ(Export("link.safetensors").code, 73);
  EXPECT_EQ(Export("cat.safetensors", {"--force"}).code, 0);
  EXPECT_THAT(Read("cat.safetensors").vectors, TensorEquals(TwoVectors()));
}

TEST_F(Embedding, ADryRunWritesNothing) {
  const Outcome planned = Export("cat.safetensors", {"--dry-run"});
  EXPECT_EQ(planned.code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("would be written to"));
  EXPECT_FALSE(fs::exists(folder_ / "cat.safetensors"));
}

struct Refusal {
  std::vector<std::string> arguments;
  int code;
  std::string message;
};

TEST_F(Embedding, RefusesWithOneMessage) {
  WriteAll(folder_ / "cat.pt", "\x80\x02}q.");
  WriteAll(folder_ / "torn.safetensors", ForeignFile().substr(0, 500));
  const std::string out = folder_ / "new.safetensors";
  const Refusal refusals[] = {
      {{"export", source_}, 64, "--out: not given"},
      {{"export", source_, "--out", folder_ / "cat.pt"}, 64, "expected a name ending in .safetensors"},
      {{"export", source_, "--out", folder_ / ".safetensors"}, 64, "expected a name ending in .safetensors"},
      {{"export", source_, "--out", out, "--format", "pickle"}, 64, "--format: is pickle"},
      {{"export", source_, "--out", out, "--token", "two words"}, 64, "--token: two words contains a space"},
      {{"export", source_, "--out", out, "--token", "emb_params"}, 64, "--token: emb_params has another meaning"},
      {{"export", source_, "--out", out, "--format", "a1111", "--token", "<x>"},
       64,
       "--token: is <x>; expected none, or new"},
      {{"export", source_, "--out", folder_ / "absent/new.safetensors"}, 73, "absent"},
      {{"export", folder_ / "torn.safetensors", "--out", out}, 65, "torn.safetensors"},
      {{"show", folder_ / "torn.safetensors"}, 65, "torn.safetensors"},
      {{"show", folder_ / "cat.pt"}, 77, "scripts/convert_embedding.py"},
      {{"show", folder_ / "absent.safetensors"}, 66, "absent.safetensors"},
      {{"show"}, 64, "FILE: missing argument"},
  };
  for (const Refusal& refusal : refusals) {
    std::vector<std::string> arguments = {"embedding"};
    arguments.insert(arguments.end(), refusal.arguments.begin(), refusal.arguments.end());
    const Outcome outcome = RunProgram(arguments);
    EXPECT_EQ(outcome.code, refusal.code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(refusal.message));
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_FALSE(fs::exists(out)) << refusal.message;
  }
}

fs::path LearnedIn(const fs::path& run) {
  for (const auto& entry : fs::recursive_directory_iterator(run / "episodes/support/textual-inversion"))
    if (entry.path().extension() == ".safetensors") return entry.path();
  ADD_FAILURE() << "no learned word in " << run;
  return {};
}

// From a finished stage: damage is found before anything is exported, and the stage's folder stays as it is.
TEST(EmbeddingOfARun, IsCheckedAndExported) {
  TestFolder folder;
  const std::vector<std::string> row = SmallWorld(folder / "world");
  for (const char* stage : {"super-resolve", "textual-inversion"}) {
    std::vector<std::string> arguments = {stage, "--run", folder / "run", "--progress", "none"};
    arguments.insert(arguments.end(), row.begin(), row.end());
    const Outcome outcome = RunProgram(arguments);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  const fs::path learned = LearnedIn(folder / "run");
  EXPECT_EQ(RunProgram({"embedding", "show", learned, "--json"}).json()["layout"], "diffusers");
  const Outcome done =
      RunProgram({"embedding", "export", learned, "--format", "a1111", "--out", folder / "w.safetensors"});
  EXPECT_EQ(done.code, 0) << done.err;
  const std::string bytes = ReadAll(learned);
  EXPECT_THAT(ReadEmbedding(ReadAll(folder / "w.safetensors"), "w", kAnyEmbeddingWidth).vectors,
              TensorEquals(ReadEmbedding(bytes, "l", kAnyEmbeddingWidth).vectors));
  const Outcome inside = RunProgram({"embedding", "export", learned, "--out", learned, "--force"});
  EXPECT_EQ(inside.code, 73);
  EXPECT_THAT(inside.err, HasSubstr("is inside a result folder"));
  std::string damaged = bytes;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  WriteAll(learned, damaged);
  const Outcome refused = RunProgram({"embedding", "export", learned, "--out", folder / "d.safetensors"});
  EXPECT_EQ(refused.code, 76) << refused.err;
  EXPECT_FALSE(fs::exists(folder / "d.safetensors"));
}

}  // namespace
}  // namespace tint::testing
