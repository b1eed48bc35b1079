// SPDX-License-Identifier: Apache-2.0
// What a student that came out can be used for: predict, wherever its folder was copied to, and export.
#include <gmock/gmock.h>
#include <unistd.h>

#include "files.h"
#include "program.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Student : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-student-" + std::to_string(getpid()));
    fs::remove_all(world_);
    std::vector<std::string> arguments = {"specialize", "--run", world_ / "run", "--json"};
    const std::vector<std::string> row = SmallWorld(world_);
    arguments.insert(arguments.end(), row.begin(), row.end());
    const Outcome outcome = RunProgram(arguments);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    student_ = outcome.json()["student_file"].get<std::string>();
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static fs::path Copy(const std::string& name) {
    fs::copy(student_.parent_path(), world_ / name, fs::copy_options::recursive);
    return world_ / name;
  }
  static Outcome Predict(const fs::path& student) {
    return RunProgram({"predict", "--json", "--student", student, world_ / "query/red-disc"});
  }

  static fs::path world_, student_;
};
fs::path Student::world_, Student::student_;

TEST_F(Student, PredictsFromACopyOfItsFolderUnderAnyName) {
  const Json expected = Predict(student_).json();
  EXPECT_EQ(expected["predictions"].size(), 4u) << "a folder stands for the photos in it";
  const fs::path copy = Copy("my classifier");
  EXPECT_EQ(Predict(copy).json(), expected);
  EXPECT_EQ(Predict(copy / "student.pt").json(), expected);
  const Outcome table = RunProgram({"predict", "--student", copy, world_ / "query/red-disc"});
  EXPECT_EQ(std::count(table.out.begin(), table.out.end(), '\n'), 4);
  EXPECT_THAT(table.out, HasSubstr("(then "));
}

TEST_F(Student, IsNotOpenedUnlessItsRecordListsIt) {
  const fs::path alone = world_ / "alone";
  fs::create_directories(alone);
  fs::copy(student_, alone);
  EXPECT_EQ(Predict(alone).code, 77) << "no done.json";
  const fs::path renamed = Copy("renamed");
  fs::rename(renamed / "student.pt", renamed / "other.pt");
  EXPECT_EQ(Predict(renamed / "other.pt").code, 77);
  EXPECT_EQ(Predict(renamed).code, 66);
  const fs::path changed = Copy("changed");
  std::string bytes = ReadAll(changed / "student.pt");
  bytes[bytes.size() / 2] ^= 1;
  WriteAll(changed / "student.pt", bytes);
  EXPECT_EQ(Predict(changed).code, 76);
  const fs::path edited = Copy("edited");
  WriteAll(edited / "done.json", ReadAll(edited / "done.json") + " ");
  EXPECT_EQ(Predict(edited).code, 76);
}

TEST_F(Student, IsExportedAsOnnx) {
  const fs::path file = world_ / "student.onnx", again = world_ / "again.onnx";
  const auto exported = [&](const fs::path& student, const fs::path& out) {
    return RunProgram({"student", "export", "--json", student, "--format", "onnx", "--out", out});
  };
  const Json json = exported(student_, file).json();
  EXPECT_EQ(json["classes"].size(), 5u);
  EXPECT_EQ(json["image_size"], 16);
  EXPECT_EQ(json["sha256"], Sha256Hex(ReadAll(file)));
  EXPECT_EQ(exported(student_.parent_path(), again).code, 0);
  EXPECT_EQ(ReadAll(again), ReadAll(file));
  EXPECT_EQ(exported(student_, file).code, 73) << "already exists";
  EXPECT_EQ(exported(student_, world_ / "student.pb").code, 64);
  EXPECT_EQ(exported(student_, student_.parent_path() / "student.onnx").code, 73) << "among results";
  EXPECT_EQ(exported(world_ / "models/teacher.pt", world_ / "teacher.onnx").code, 77);
}

}  // namespace
}  // namespace tint::testing
