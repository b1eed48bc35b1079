// SPDX-License-Identifier: Apache-2.0
#include "tint/models/model_set.h"

#include <ATen/ATen.h>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tiny_modules.h"

namespace tint {
namespace {

const Json kFacts = Json::parse(R"({
  "denoiser": {"sample_size": 8, "latent_channels": 2, "context_length": 3, "context_width": 5, "licence": "MIT"},
  "autoencoder": {"scale_factor": 0.5, "image_size": 16, "spatial_factor": 8},
  "text_encoder": {"embedding_width": 2, "context_width": 2, "context_length": 3, "vocabulary_size": 4},
  "upscaler": {"factor": 2},
  "teacher": {"input_size": 16, "resize_rule": "bilinear", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
              "feature_width": 3, "logit_scale": 12.5}})");

// A folder with small modules under their role names, and no models.json yet.
void WriteModules(const TestFolder& folder) {
  WriteAll(folder / "denoiser.pt", testing::TinyDenoiser().ToBytes());
  WriteAll(folder / "teacher.pt", testing::TinyTeacher().ToBytes());
  WriteAll(folder / "upscaler.pt", testing::TinyUpscaler(2).ToBytes());
  WriteAll(folder / "text_encoder.pt", testing::TinyTextEncoder(4, 2).ToBytes());
}

Json FactsOf(const std::vector<std::string>& roles) {
  Json facts = Json::object();
  for (const std::string& role : roles) facts[role] = kFacts[role];
  return facts;
}

void WriteLockedSet(const TestFolder& folder) {
  WriteModules(folder);
  LockModels(folder.path(), FactsOf({"denoiser", "text_encoder", "upscaler", "teacher"}));
}

TEST(LockModels, WritesASetThatOpensAndPassesItsProbes) {
  const TestFolder folder;
  WriteModules(folder);
  EXPECT_THAT(LockModels(folder.path(), FactsOf({"denoiser", "text_encoder", "upscaler", "teacher"})),
              ElementsAre("denoiser", "text_encoder", "upscaler", "teacher"));
  const ModelSet set = ModelSet::Open(folder.path());
  const ModelRecord& denoiser = set.Require("denoiser");
  EXPECT_EQ(denoiser.sha256, Sha256Hex(ReadAll(folder / "denoiser.pt")));
  EXPECT_EQ(denoiser.dtype, "float32");
  EXPECT_EQ(denoiser.licence, "MIT");
  EXPECT_EQ(denoiser.source, "unknown");
  EXPECT_EQ(set.ReadDenoiserConfig().context_width, 5);
  EXPECT_EQ(set.ReadTeacherConfig().logit_scale, 12.5);
  EXPECT_FALSE(set.Has("clip"));
  const std::vector<ProbeResult> probes = RunProbes(set);
  EXPECT_EQ(probes.size(), 5u);  // the text encoder has two methods
  for (const ProbeResult& probe : probes) {
    EXPECT_TRUE(probe.passed) << probe.role << " " << probe.method;
    EXPECT_EQ(probe.error, 0) << probe.role << " " << probe.method;
  }
}

TEST(LockModels, ASecondLockChangesNothing) {
  const TestFolder folder;
  WriteLockedSet(folder);
  const std::string text = ReadAll(folder / "models.json");
  EXPECT_THAT(LockModels(folder.path(), Json::object()), ElementsAre());
  EXPECT_EQ(ReadAll(folder / "models.json"), text);
}

TEST(LockModels, AChangedFileKeepsItsFactsAndGetsANewHash) {
  const TestFolder folder;
  WriteLockedSet(folder);
  WriteAll(folder / "teacher.pt", testing::MakeModule("def forward(self, x: Tensor) -> Tensor:\n"
                                                      "  return torch.amax(x, [2, 3]) + self.one\n",
                                                      {{"one", at::ones({1})}})
                                      .ToBytes());
  EXPECT_THAT(CatchError([&] { ModelSet::Open(folder.path()).ReadChecked("teacher"); }),
              FailsWith(ExitCode::kCorrupt, AllOf(HasSubstr("teacher.pt"), HasSubstr("tint models lock"))));
  EXPECT_THAT(LockModels(folder.path(), Json::object()), ElementsAre("teacher"));
  const ModelSet set = ModelSet::Open(folder.path());
  EXPECT_EQ(set.ReadTeacherConfig().logit_scale, 12.5);
  for (const ProbeResult& probe : RunProbes(set)) EXPECT_TRUE(probe.passed) << probe.role;
}

TEST(LockModels, CountsArithmeticOfOneSample) {
  const TestFolder folder;
  WriteAll(folder / "teacher.pt", testing::MakeModule("def forward(self, x: Tensor) -> Tensor:\n"
                                                      "  return torch.mm(torch.flatten(x, 1), self.weight)\n",
                                                      {{"weight", at::ones({768, 3})}})
                                      .ToBytes());
  LockModels(folder.path(), FactsOf({"teacher"}));
  EXPECT_EQ(ModelSet::Open(folder.path()).Require("teacher").facts["flop_per_sample"], 2 * 768 * 3);
}

TEST(LockModels, MissingFactsAreAllNamedAndNothingIsWritten) {
  const TestFolder folder;
  WriteModules(folder);
  EXPECT_THAT(CatchError([&] { LockModels(folder.path(), Json::object()); }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("sample_size, latent_channels, context_length")));
  EXPECT_FALSE(std::filesystem::exists(folder / "models.json"));
  EXPECT_THAT(CatchError([&] {
                LockModels(folder.path(), {{"techer", Json::object()}});
              }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("Did you mean 'teacher'")));
  EXPECT_THAT(CatchError([&] {
                LockModels(folder.path(), {{"teacher", {{"input_sise", 3}}}});
              }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("Did you mean 'input_size'")));
}

TEST(LockModels, RefusesAModuleThatDoesNotMatchItsFacts) {
  const TestFolder folder;
  WriteAll(folder / "teacher.pt", testing::TinyTeacher().ToBytes());
  Json facts = FactsOf({"teacher"});
  facts["teacher"]["feature_width"] = 4;
  EXPECT_THAT(CatchError([&] { LockModels(folder.path(), facts); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("teacher.pt"), HasSubstr("[2, 4]"))));
  EXPECT_FALSE(std::filesystem::exists(folder / "models.json"));
}

TEST(ModelSet, LoadsEveryRole) {
  const TestFolder folder;
  WriteModules(folder);
  WriteAll(folder / "autoencoder.pt", testing::TinyAutoencoder().ToBytes());
  WriteAll(folder / "tokenizer.model", "batches");
  Json facts = kFacts;
  facts["denoiser"]["latent_channels"] = 3;
  LockModels(folder.path(), facts);
  const ModelSet set = ModelSet::Open(folder.path());
  EXPECT_EQ(set.ReadChecked("tokenizer"), "batches");
  const at::Tensor latents = set.LoadAutoencoder(c10::kCPU).Encode(at::ones({1, 3, 16, 16}));
  const Denoiser denoiser = set.LoadDenoiser(c10::kCPU, at::kBFloat16);
  EXPECT_EQ(denoiser.module().dtype(), at::kBFloat16);
  EXPECT_EQ(denoiser.PredictNoise(latents, at::zeros({1}, at::kLong), at::ones({1, 3, 5})).scalar_type(), at::kFloat);
  EXPECT_EQ(set.LoadUpscaler(c10::kCPU, at::kFloat).factor(), 2);
  EXPECT_EQ(set.LoadTeacher(c10::kCPU, at::kFloat).Features(at::ones({2, 3, 9, 9})).size(1), 3);
  EXPECT_EQ(set.LoadTextEncoder(c10::kCPU, at::kFloat).config().vocabulary_size, 4);
}

TEST(ModelSet, AnAbsentRoleSaysWhatNeedsItAndHowToGetIt) {
  const TestFolder folder;
  WriteLockedSet(folder);
  const ModelSet set = ModelSet::Open(folder.path());
  EXPECT_THAT(CatchError([&] { set.Require("autoencoder"); }),
              FailsWith(ExitCode::kMissingInput, AllOf(HasSubstr("autoencoder.pt"), HasSubstr("textual-inversion"),
                                                       HasSubstr("export_models.py"))));
  EXPECT_THAT(CatchError([&] { set.Require("student-conv4"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("tint pretrain student")));
  EXPECT_THAT(CatchError([&] { ModelSet::Open(folder / "none"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("models.json")));
}

// Another model of the same shape.
TEST(ModelSet, ASwappedFileIsCorrupt) {
  const TestFolder folder;
  WriteLockedSet(folder);
  const ModelSet set = ModelSet::Open(folder.path());
  std::string bytes = ReadAll(folder / "denoiser.pt");
  bytes[bytes.size() / 2] ^= 1;
  WriteAll(folder / "denoiser.pt", bytes);
  EXPECT_THAT(
      CatchError([&] { set.LoadDenoiser(c10::kCPU, at::kFloat); }),
      FailsWith(ExitCode::kCorrupt, AllOf(HasSubstr(Sha256Hex(bytes)), HasSubstr(set.Require("denoiser").sha256))));
  std::filesystem::remove(folder / "denoiser.pt");
  EXPECT_THAT(CatchError([&] { set.LoadDenoiser(c10::kCPU, at::kFloat); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("denoiser.pt")));
}

// A file that no role lists is never opened, and the message gives the line to add, which then works.
TEST(ModelSet, UnlistedFileIsUntrustedUntilItsLineIsAdded) {
  const TestFolder folder;
  WriteLockedSet(folder);
  const std::string bytes = testing::TinyTextEncoder(3, 3).ToBytes(), hash = Sha256Hex(bytes);
  WriteAll(folder / "mine.pt", bytes);
  const ModelSet set = ModelSet::Open(folder.path());
  const std::string line = Json({{"file", (folder / "mine.pt").string()}, {"sha256", hash}}).dump();
  EXPECT_THAT(CatchError([&] { set.ReadListedFile(folder / "mine.pt"); }),
              FailsWith(ExitCode::kUntrusted, AllOf(HasSubstr(hash), HasSubstr(line), HasSubstr("\"trusted\""))));
  Json root = Json::parse(ReadAll(folder / "models.json"));
  root["trusted"] = {Json::parse(line)};
  EXPECT_EQ(ModelSet::Parse(folder.path(), root.dump()).ReadListedFile(folder / "mine.pt"), bytes);
  EXPECT_EQ(set.ReadListedFile(folder / "teacher.pt"), ReadAll(folder / "teacher.pt"));
}

// A pickle is never opened.
TEST(ModelSet, PicklesAreUntrustedByNameAndByContent) {
  const TestFolder folder;
  WriteLockedSet(folder);
  const ModelSet set = ModelSet::Open(folder.path());
  WriteAll(folder / "old.pt", std::string("\x80\x02}q\x00.", 6));
  for (const char* name : {"w.pth", "w.CKPT", "w.bin", "w.pkl"}) WriteAll(folder / name, "anything");
  for (const char* name : {"w.pth", "w.CKPT", "w.bin", "w.pkl", "old.pt"}) {
    EXPECT_THAT(CatchError([&] { set.ReadListedFile(folder / name); }),
                FailsWith(ExitCode::kUntrusted, HasSubstr("convert the file with scripts/export_models.py")))
        << name;
  }
  WriteAll(folder / "upscaler.pt", ReadAll(folder / "old.pt"));
  EXPECT_THAT(CatchError([&] { LockModels(folder.path(), Json::object()); }),
              FailsWith(ExitCode::kUntrusted, HasSubstr("pickle")));
  EXPECT_FALSE(LooksLikePickle("teacher.pt", ReadAll(folder / "teacher.pt")));
}

std::string ValidText() {
  return R"({"schema": 1,
 "roles": {
  "upscaler": {"file": "u.pt", "sha256": ")" +
         std::string(64, 'a') + R"(",
   "dtype": "float32", "licence": "MIT", "source": "here", "factor": 4}}})";
}

TEST(ModelSet, ReadsASmallSet) {
  const ModelSet set = ModelSet::Parse("/models", ValidText());
  EXPECT_EQ(set.Require("upscaler").file, "u.pt");
  EXPECT_EQ(set.Require("upscaler").facts["factor"], 4);
}

TEST(ModelSet, MalformedListsAreRefusedWithLineAndField) {
  const std::vector<std::vector<std::string>> cases = {
      {"\"schema\": 1", "\"schema\": 2", "newer tint"},
      {"\"schema\": 1,", "", "schema"},
      {"\"upscaler\"", "\"upscalar\"", "Did you mean 'upscaler'"},
      {"\"u.pt\"", "\"../u.pt\"", "upscaler.file: is \"../u.pt\"; expected the plain name"},
      {"\"u.pt\"", "\"/u.pt\"", "plain name"},
      {"\"u.pt\"", "\"\"", "plain name"},
      {"\"u.pt\"", "\"..\"", "plain name"},
      {"\"u.pt\"", "\"-rf\"", "plain name"},
      {"\"u.pt\"", "\"a\\u0000b\"", "plain name"},
      {"\"u.pt\"", "7", "file"},
      {std::string(64, 'a'), std::string(63, 'a'), "64 lower-case hexadecimal digits"},
      {std::string(64, 'a'), std::string(64, 'A'), "64 lower-case hexadecimal digits"},
      {"float32", "float23", "one of float32, bfloat16, float16"},
      {"\"licence\": \"MIT\", ", "", "licence"},
      {"\"factor\"", "\"faktor\"", "Did you mean 'factor'"},
      {"}}}", "}}} x", "models.json:4:75"},
  };
  for (const auto& parts : cases) {
    std::string text = ValidText();
    const size_t place = text.find(parts[0]);
    ASSERT_NE(place, std::string::npos) << parts[0];
    text.replace(place, parts[0].size(), parts[1]);
    EXPECT_THAT(CatchError([&] { ModelSet::Parse("/models", text); }),
                FailsWith(ExitCode::kBadConfiguration, AllOf(HasSubstr("/models/models.json:"), HasSubstr(parts[2]))))
        << text;
  }
}

TEST(ModelSet, PickleNamesInTheListAreUntrusted) {
  std::string text = ValidText();
  text.replace(text.find("u.pt"), 4, "u.pth");
  EXPECT_THAT(CatchError([&] { ModelSet::Parse("/models", text); }),
              FailsWith(ExitCode::kUntrusted, HasSubstr("convert")));
}

TEST(ModelSet, FactsOutOfRangeNameLineAndField) {
  const TestFolder folder;
  WriteLockedSet(folder);
  const Json root = Json::parse(ReadAll(folder / "models.json"));
  auto read = [&](const std::string& pointer, const Json& value) {
    Json changed = root;
    changed[Json::json_pointer("/roles" + pointer)] = value;
    const ModelSet set = ModelSet::Parse(folder.path(), changed.dump(1));
    return CatchError([&] {
      set.ReadDenoiserConfig();
      set.ReadTeacherConfig();
    });
  };
  EXPECT_THAT(read("/denoiser/sample_size", 0),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("denoiser.sample_size")));
  EXPECT_THAT(read("/denoiser/sample_size", 8.0), FailsWith(ExitCode::kBadConfiguration, HasSubstr("sample_size")));
  EXPECT_THAT(read("/teacher/mean", {0.5, 0.5}), FailsWith(ExitCode::kBadConfiguration, HasSubstr("three numbers")));
  EXPECT_THAT(read("/teacher/std/1", 0), FailsWith(ExitCode::kBadConfiguration, HasSubstr("teacher.std[1]")));
  EXPECT_THAT(read("/teacher/resize_rule", "nearest"),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("bilinear-antialias")));
}

// A fine-tuned autoencoder states the size that it was trained at: with a denoiser of another, images would have half
// the side and nobody would know.
TEST(CheckImageSize, IsTheDenoisersSampleSizeTimesTheSpatialFactor) {
  const TestFolder folder;
  WriteLockedSet(folder);
  Json root = Json::parse(ReadAll(folder / "models.json"));
  auto check = [&](int64_t image_size) {
    Json autoencoder = root["roles"]["denoiser"];
    for (const char* fact : {"sample_size", "latent_channels", "context_length", "context_width"})
      autoencoder.erase(fact);
    autoencoder.update(kFacts["autoencoder"]);
    autoencoder["file"] = "autoencoder.pt";
    autoencoder["image_size"] = image_size;
    Json changed = root;
    changed["roles"]["autoencoder"] = autoencoder;
    ModelSet::Parse(folder.path(), changed.dump(1)).CheckImageSize();
  };
  EXPECT_NO_THROW(check(64));
  EXPECT_THAT(CatchError([&] { check(32); }),
              FailsWith(ExitCode::kBadConfiguration, AllOf(HasSubstr("autoencoder.image_size: is 32"),
                                                           HasSubstr("64, the denoiser's sample_size 8"))));
  EXPECT_NO_THROW(ModelSet::Parse(folder.path(), root.dump(1)).CheckImageSize())
      << "no autoencoder, nothing to compare";
}

TEST(RunProbes, AWrongValueOrShapeDoesNotPass) {
  const TestFolder folder;
  WriteLockedSet(folder);
  const Json root = Json::parse(ReadAll(folder / "models.json"));
  auto failed = [&](const std::string& pointer, const Json& value) {
    Json changed = root;
    changed[Json::json_pointer("/roles/teacher/probes/0" + pointer)] = value;
    std::vector<std::string> roles;
    for (const ProbeResult& probe : RunProbes(ModelSet::Parse(folder.path(), changed.dump()))) {
      if (!probe.passed) roles.push_back(probe.role);
    }
    return roles;
  };
  EXPECT_THAT(failed("/values/1", 3.25), ElementsAre("teacher"));
  EXPECT_THAT(failed("/shape", {2, 5}), ElementsAre("teacher"));
  EXPECT_THAT(failed("/positions/0", 600), ElementsAre("teacher"));
  EXPECT_THAT(failed("/tolerance", 1.0), ElementsAre());
}

}  // namespace
}  // namespace tint
