// SPDX-License-Identifier: Apache-2.0
#include "tint/base/sha256.h"

#include "prelude.h"

namespace tint {
namespace {

// FIPS 180-4's examples (NIST, "SHA256.pdf" of the Cryptographic Standards examples), and the empty message.
TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, ChunksGiveTheHashOfTheWhole) {
  const std::string text(3000, 'x');
  for (size_t batch : {1, 63, 64, 65, 1000}) {
    Sha256 hash;
    for (size_t at = 0; at < text.size(); at += batch) hash.Update(std::string_view(text).substr(at, batch));
    EXPECT_EQ(hash.Hex(), Sha256Hex(text)) << batch;
  }
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  TestFolder folder;
  const std::string bytes((3 << 20) + 17, '\x5a');
  WriteAll(folder / "big", bytes);
  WriteAll(folder / "empty", "");
  EXPECT_EQ(Sha256OfFile(folder / "big"), Sha256Hex(bytes));
  EXPECT_EQ(Sha256OfFile(folder / "empty"), Sha256Hex(""));
  EXPECT_THAT(CatchError([&] { Sha256OfFile(folder / "absent"); }),
              FailsWith(ExitCode::kMissingInput, ::testing::HasSubstr("absent")));
}

}  // namespace
}  // namespace tint
