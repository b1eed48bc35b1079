// SPDX-License-Identifier: Apache-2.0
// The names that most tests use, and a fixture with a folder. Only for sources of tests.
#pragma once

#include <gmock/gmock.h>

#include "files.h"

namespace tint {

using ::testing::AllOf;
using testing::CatchError;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ReadAll;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::TestFolder;
using testing::WriteAll;

namespace testing {

class FolderTest : public ::testing::Test {
 protected:
  TestFolder folder_;
};

}  // namespace testing
}  // namespace tint
