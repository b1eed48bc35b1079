// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/image_shards.h"

#include <zip.h>

#include <cstdlib>
#include <ctime>
#include <random>

#include "prelude.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

std::vector<ShardEntry> SomeEntries() {
  return {{"00000.png", "first"}, {"00001.png", std::string("\x89PNG\r\n\0\xff", 8)}, {"00002.png", ""}};
}

bool IsSame(const std::vector<ShardEntry>& a, const std::vector<ShardEntry>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const ShardEntry& x, const ShardEntry& y) { return x.name == y.name && x.bytes == y.bytes; });
}

TEST(Shard, ReturnsWhatWasWritten) {
  EXPECT_TRUE(IsSame(ReadShard(WriteShard(SomeEntries()), "a.zip"), SomeEntries()));
  std::vector<ShardEntry> most;
  for (int i = 0; i < kImagesPerShard; ++i) most.push_back({std::to_string(i) + ".png", std::to_string(i)});
  EXPECT_TRUE(IsSame(ReadShard(WriteShard(most), "a.zip"), most));
  most.push_back({"more.png", ""});
  EXPECT_EQ(CatchError([&] { WriteShard(most); }).code(), ExitCode::kInternal);
}

// The layout of PKWARE's APPNOTE 6.3, 4.3.7: signature, version, flags, method 0, time 0, date 0x21 (1 January 1980).
TEST(Shard, GivesTheSameBytesInEveryTimeZoneAndAtEveryTime) {
  const std::string bytes = WriteShard(SomeEntries());
  EXPECT_EQ(bytes.substr(0, 4), "PK\3\4");
  EXPECT_EQ(bytes.substr(8, 6), std::string("\0\0\0\0\x21\0", 6));
  setenv("TZ", "Asia/Kathmandu", 1);
  tzset();
  const std::string elsewhere = WriteShard(SomeEntries());
  unsetenv("TZ");
  tzset();
  EXPECT_EQ(elsewhere, bytes);
}

TEST(Shard, RefusesWhatTheWriterNeverMakes) {
  TestFolder folder;
  auto make = [&](const std::vector<std::pair<std::string, std::string>>& entries, zip_int32_t method) {
    const std::string path = folder / "made.zip";
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    for (const auto& [name, bytes] : entries) {
      zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
      const zip_int64_t idx = zip_file_add(archive, name.c_str(), source, 0);
      EXPECT_GE(idx, 0);
      EXPECT_EQ(zip_set_file_compression(archive, static_cast<zip_uint64_t>(idx), method, 0), 0);
    }
    EXPECT_EQ(zip_close(archive), 0);
    return ReadAll(path);
  };
  const std::string long_text(1000, 'x');
  EXPECT_TRUE(IsSame(ReadShard(make({{"a.png", long_text}}, ZIP_CM_STORE), "x.zip"), {{"a.png", long_text}}));
  auto refusal = [](const std::string& bytes) { return CatchError([&] { ReadShard(bytes, "x.zip"); }); };
  EXPECT_THAT(refusal(make({{"a.png", long_text}}, ZIP_CM_DEFLATE)),
              FailsWith(ExitCode::kCorrupt, AllOf(HasSubstr("x.zip"), HasSubstr("a.png"), HasSubstr("compressed"))));
  for (const char* name : {"../a.png", "/a.png", "a/b.png", "-rf", ".a", "a b"}) {
    EXPECT_THAT(refusal(make({{name, "x"}}, ZIP_CM_STORE)),
                FailsWith(ExitCode::kCorrupt, HasSubstr("is not a plain name")))
        << name;
  }
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i <= kImagesPerShard; ++i) many.emplace_back(std::to_string(i), "");
  EXPECT_THAT(refusal(make(many, ZIP_CM_STORE)), FailsWith(ExitCode::kCorrupt, HasSubstr("holds 1001 entries")));
  for (const std::string& bytes : {std::string(), std::string("PK"), std::string(100, '\0'), long_text}) {
    EXPECT_THAT(refusal(bytes), FailsWith(ExitCode::kCorrupt, HasSubstr("x.zip")));
  }
}

// The two names differ in one byte; making them equal in both headers is a duplicate that only a reader can see.
TEST(Shard, RefusesDuplicateNames) {
  std::string bytes = WriteShard({{"00000.png", "a"}, {"00001.png", "b"}});
  for (size_t at = bytes.find("00001"); at != std::string::npos; at = bytes.find("00001", at)) bytes[at + 4] = '0';
  EXPECT_THAT(CatchError([&] { ReadShard(bytes, "x.zip"); }), FailsWith(ExitCode::kCorrupt, HasSubstr("x.zip")));
}

// A record beside the archive holds its hash; here the reader alone has to do: no crash, and never other images.
TEST(Shard, NeverReturnsOtherBytesAfterASingleChange) {
  const std::string whole = WriteShard(SomeEntries());
  std::mt19937_64 random(3);
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    damaged[random() % whole.size()] ^= static_cast<char>(1 + random() % 255);
    try {
      EXPECT_TRUE(IsSame(ReadShard(damaged, "x.zip"), SomeEntries())) << i;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kCorrupt) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(CatchError([&] { ReadShard(whole.substr(0, size), "x.zip"); }).code(), ExitCode::kCorrupt) << size;
  }
}

}  // namespace
}  // namespace tint
