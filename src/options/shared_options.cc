// SPDX-License-Identifier: Apache-2.0
#include "tint/options/shared_options.h"

#include "tint/base/error.h"

namespace tint {
namespace {

constexpr double kMaxSeed = 9007199254740991.0;  // 2^53 - 1

}  // namespace

Option& DeclareModels(OptionList& list, std::string* models, const std::string& help) {
  return list.Add("models", models, help).Is(TextKind::kFolder).NotInKey();
}

Option& DeclareDataset(OptionList& list, std::string* dataset) {
  return list.Add("dataset", dataset, "Data set in $TINT_DATA, such as miniimagenet.").Is(TextKind::kDataset);
}

Option& DeclareSplit(OptionList& list, std::string* split, const std::string& help) {
  return list.Add("split", split, help).Choices({"train", "val", "test"});
}

Option& DeclareDevice(OptionList& list, std::string* device) {
  return list.Add("device", device, "Device to run on; auto: the first GPU, else the CPU.")
      .Offers({"auto", "cpu", "cuda"})
      .Matching("auto|cpu|cuda(:[0-9]{1,3})?", "auto, cpu, cuda or cuda:N");
}

Option& DeclareSeed(OptionList& list, int64_t* seed, const std::string& help) {
  return list.Add("seed", seed, help).Range(0, kMaxSeed);
}

Option& DeclareThreads(OptionList& list, int64_t* threads) {
  return list.Add("threads", threads, "Number of intra-op threads (0: one per core).").Range(0, 4096);
}

Option& DeclareImageSize(OptionList& list, int64_t* image_size, const std::string& help) {
  return list.Add("image-size", image_size, help).Range(0, 1024).Unit("pixels");
}

Option& DeclareOut(OptionList& list, std::string* out, const std::string& help) {
  return list.Add("out", out, help).Is(TextKind::kFile).NotInKey();
}

Option& DeclareForce(OptionList& list, bool* force, const std::string& help) {
  return list.Add("force", force, help).NotInKey();
}

void RequireGiven(const std::string& value, const std::string& flag, const std::string& meaning) {
  if (!value.empty()) return;
  Fail(ExitCode::kUsage, {.field = flag, .found = "not given", .expected = meaning, .remedy = "See --help."});
}

}  // namespace tint
