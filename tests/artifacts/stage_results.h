// SPDX-License-Identifier: Apache-2.0
// A finished result for tests of formats: what `write` puts, read back.
#pragma once

#include <functional>

#include "fake_pipeline.h"
#include "prelude.h"
#include "tint/artifacts/stage_writer.h"

namespace tint::testing {

class StageResultTest : public FolderTest {
 protected:
  CompletedStage Finish(const std::function<void(StageWriter&)>& write, const std::string& stage = "generate") {
    const StageKey key = FakeKey(stage);
    StageWriter writer(FolderOf(folder_.path(), key), key);
    write(writer);
    return writer.Finish(Json::object(), {});
  }
};

}  // namespace tint::testing
