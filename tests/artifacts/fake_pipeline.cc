// SPDX-License-Identifier: Apache-2.0
#include "fake_pipeline.h"

#include "files.h"
#include "tint/artifacts/lease.h"
#include "tint/artifacts/run_folder.h"
#include "tint/artifacts/stage_writer.h"
#include "tint/artifacts/version.h"
#include "tint/base/sha256.h"

namespace tint::testing {

namespace fs = std::filesystem;

namespace {

// The state after a step: a chain of hashes, so that a step left out or done twice shows.
std::string Step(const std::string& state, const std::string& name) { return Sha256Hex(state + name); }

std::string MakeFile(StageWriter* writer, const std::string& name, const std::string& input, std::atomic<int>* units) {
  if (writer->Has(name)) return writer->Read(name);
  std::string state = input;
  int step = 0;
  if (const auto saved = writer->LoadCheckpoint("state-" + name)) {
    step = saved->front() - '0';
    state = saved->substr(1);
  }
  for (; step < 2; ++step) {
    state = Step(state, name);
    if (units) ++*units;
    if (writer->CheckpointDue() || step == 0) {
      writer->SaveCheckpoint("state-" + name, std::string(1, static_cast<char>('1' + step)) + state);
    }
  }
  writer->Put(name, state + "\n");
  writer->DropCheckpoint("state-" + name);
  return state + "\n";
}

CompletedStage RunStage(const RunFolder& run, const std::string& stage, const std::string& input,
                        std::atomic<int>* units) {
  StageKey key = FakeKey(stage);
  key.inputs["before"] = input;
  const fs::path folder = run.StagePath(0, key);
  if (auto done = CompletedStage::Open(folder)) return *done;
  StageWriter writer(folder, key);
  std::string last = input;
  for (const char* name : {"000.bin", "001.bin", "index.json"}) last = MakeFile(&writer, name, last, units);
  return writer.Finish({{"last", last.substr(0, 8)}, {"loss", 0.25}}, {.seconds = 0.5});
}

}  // namespace

StageKey FakeKey(const std::string& stage, double alpha) {
  StageKey key;
  key.stage = stage;
  key.options = {{"alpha", alpha}, {"steps", 50}};
  key.models = {{"unet", std::string(64, 'a')}};
  key.seed = 7;
  key.device = "cpu";
  key.dtype = "float32";
  return key;
}

void RunFakePipeline(const fs::path& run_folder, std::atomic<int>* units) {
  RunFolder run = RunFolder::Create(run_folder);
  run.UpdateManifest({{"tint", ToolVersion()}, {"options", {{"generate", {{"alpha", 1.0}}}}}});
  const Lease lease(run.EpisodeFolder(0));
  std::string content = Sha256Hex("photos");
  for (const char* stage : {"textual-inversion", "generate", "distill"}) {
    content = RunStage(run, stage, content, units).content_sha256();
  }
}

}  // namespace tint::testing
