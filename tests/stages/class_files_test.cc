// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/class_files.h"

#include <gmock/gmock.h>

#include "files.h"

namespace tint::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class ClassFiles : public ::testing::Test {
 protected:
  ClassFiles() { task_.classes = {{"bee", {}, {}}, {"cat", {}, {}}, {"dog", {}, {}}}; }
  Error Refused(const std::string& pairs) const {
    return CatchError([&] { FilesOfClasses(task_, pairs, "stage.option"); });
  }

  Task task_;
};

TEST_F(ClassFiles, ArePairsOfNameAndFile) {
  EXPECT_THAT(FilesOfClasses(task_, "", "stage.option"), IsEmpty());
  EXPECT_THAT(FilesOfClasses(task_, "dog=d.bin,bee=a=b.bin", "stage.option"),
              ElementsAre(Pair(0, "a=b.bin"), Pair(2, "d.bin")));
}

TEST_F(ClassFiles, RefusesWhatIsNotAPair) {
  for (const std::string pairs : {"dog", "=file", "dog=", "dog=a,"}) {
    EXPECT_THAT(Refused(pairs),
                FailsWith(ExitCode::kBadConfiguration, AllOf(HasSubstr("stage.option"), HasSubstr("NAME=FILE"))))
        << pairs;
  }
}

TEST_F(ClassFiles, RefusesOtherClassesAndASecondFile) {
  EXPECT_THAT(Refused("dgo=file"),
              FailsWith(ExitCode::kBadConfiguration, AllOf(HasSubstr("bee, cat, dog"), HasSubstr("'dog'"))));
  EXPECT_THAT(Refused("dog=a,dog=b"), FailsWith(ExitCode::kBadConfiguration, HasSubstr("two files for")));
}

}  // namespace
}  // namespace tint::testing
