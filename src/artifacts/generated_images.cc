// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/generated_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tint/base/error.h"
#include "tint/base/json.h"

namespace tint {
namespace {

constexpr char kIndexFile[] = "index.json", kShardExtension[] = ".zip";
constexpr JsonLimits kIndexLimits{.max_bytes = 1u << 30};  // a million images take about 60 MB

std::string ZeroPadded(int64_t number, int digits) { return fmt::format("{:0{}}", number, digits); }

std::string RecordsFile(const std::string& shard) { return shard + ".json"; }

std::string OriginalsFile(const std::string& shard) {
  return shard.substr(0, shard.size() - std::strlen(kShardExtension)) + "-original" + kShardExtension;
}

Json RecordsToJson(const std::vector<GeneratedImage>& images) {
  Json json = Json::array();
  for (const GeneratedImage& image : images)
    json.push_back(
        {{"file", image.file}, {"support", image.support_idx}, {"alpha", image.alpha}, {"attempt", image.attempt}});
  return json;
}

std::vector<GeneratedImage> RecordsFromJson(const JsonDocument& document, const std::string& pointer) {
  constexpr ExitCode kCode = ExitCode::kCorrupt;
  std::vector<GeneratedImage> images;
  const size_t count = RequireArray(document, pointer, kCode).size();
  for (size_t k = 0; k < count; ++k) {
    const std::string image = pointer + "/" + std::to_string(k);
    images.push_back({.file = RequireString(document, image + "/file", kCode),
                      .support_idx = RequireInteger(document, image + "/support", 0, INT64_MAX, kCode),
                      .alpha = RequireNumber(document, image + "/alpha", 0, 1, kCode),
                      .attempt = RequireInteger(document, image + "/attempt", 0, INT64_MAX, kCode)});
  }
  return images;
}

GeneratedClass ClassFromJson(const JsonDocument& document, const std::string& pointer) {
  constexpr ExitCode kCode = ExitCode::kCorrupt;
  GeneratedClass one{.name = RequireString(document, pointer + "/class", kCode),
                     .shards = {},
                     .images = RecordsFromJson(document, pointer + "/images")};
  const size_t shards = RequireArray(document, pointer + "/shards", kCode).size();
  for (size_t s = 0; s < shards; ++s)
    one.shards.push_back(RequireString(document, pointer + "/shards/" + std::to_string(s), kCode));
  return one;
}

}  // namespace

void GeneratedImages::Write(StageWriter& writer) const {
  Json json = {{"image_size", image_size}, {"classes", Json::array()}};
  for (const GeneratedClass& one : classes)
    json["classes"].push_back({{"class", one.name}, {"shards", one.shards}, {"images", RecordsToJson(one.images)}});
  writer.Put(kIndexFile, CanonicalJson(json) + "\n");
}

GeneratedImages GeneratedImages::Read(const CompletedStage& generate) {
  const std::string file = (generate.folder() / kIndexFile).string();
  const JsonDocument document = ParseJson(generate.Read(kIndexFile), file, ExitCode::kCorrupt, kIndexLimits);
  GeneratedImages images{.image_size = RequireInteger(document, "/image_size", 1, 1 << 20, ExitCode::kCorrupt),
                         .classes = {}};
  const size_t classes = RequireArray(document, "/classes", ExitCode::kCorrupt).size();
  for (size_t c = 0; c < classes; ++c)
    images.classes.push_back(ClassFromJson(document, "/classes/" + std::to_string(c)));
  return images;
}

std::string GeneratedImageFile(int64_t image_idx) { return ZeroPadded(image_idx, 5) + ".png"; }

std::string GeneratedShardFile(const std::string& stem, int64_t shard_idx) {
  return stem + "-" + ZeroPadded(shard_idx, 3) + kShardExtension;
}

void WriteGeneratedShard(const GeneratedShard& shard, const std::string& file, StageWriter& writer) {
  if (!shard.originals.empty()) writer.Put(OriginalsFile(file), WriteShard(shard.originals));
  writer.Put(file, WriteShard(shard.images));
  writer.Put(RecordsFile(file), CanonicalJson(RecordsToJson(shard.records)) + "\n");
  writer.DropCheckpoint(file);
}

std::optional<std::vector<GeneratedImage>> ReadGeneratedRecords(const StageWriter& writer, const std::string& file) {
  const std::string records = RecordsFile(file);
  if (!writer.Has(file) || !writer.Has(records)) return std::nullopt;
  return RecordsFromJson(ParseJson(writer.Read(records), records, ExitCode::kCorrupt), "");
}

std::vector<ShardEntry> ReadGeneratedShard(const StageWriter& writer, const std::string& file) {
  return ReadShard(writer.Read(file), (writer.folder() / file).string());
}

std::vector<ShardEntry> ReadGeneratedShard(const CompletedStage& generate, const std::string& file) {
  return ReadShard(generate.Read(file), (generate.folder() / file).string());
}

std::string SerializeUnfinishedShard(const GeneratedShard& shard) {
  const std::string images = WriteShard(shard.images);
  const Json head = {{"records", RecordsToJson(shard.records)}, {"bytes", images.size()}};
  return CanonicalJson(head) + "\n" + images + (shard.originals.empty() ? "" : WriteShard(shard.originals));
}

GeneratedShard ParseUnfinishedShard(const std::string& bytes, const std::string& file) {
  const size_t end = bytes.find('\n');
  const JsonDocument head = ParseJson(bytes.substr(0, end), file, ExitCode::kCorrupt);
  const auto size = static_cast<size_t>(RequireInteger(head, "/bytes", 0, INT64_MAX, ExitCode::kCorrupt));
  const std::string images = bytes.substr(end + 1, size), originals = bytes.substr(end + 1 + images.size());
  GeneratedShard shard{
      .images = ReadShard(images, file), .originals = {}, .records = RecordsFromJson(head, "/records")};
  if (!originals.empty()) shard.originals = ReadShard(originals, file);
  return shard;
}

}  // namespace tint
