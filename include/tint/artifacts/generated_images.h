// SPDX-License-Identifier: Apache-2.0
// The result of generate: synthetic images of each class.
//
//   <class>-000.zip            at most 1,000 PNG images of image_size pixels (image_shards.h): 00000.png, 00001.png,
//   ...
//                              Image k is in archive k / 1,000, which is numbered with three digits
//   <class>-000.zip.json       the members "images" of index.json for this archive: a canonical JSON array and a
//   newline <class>-000-original.zip   with --generate.keep-originals: the same images at the diffusion model's size
//   index.json                 canonical JSON and a newline:
//                              {"image_size": 84,
//                               "classes": [{"class": "cat",                  the class's name, in the task's order
//                                            "shards": ["cat-000.zip", ...],
//                                            "images": [{"file": "00000.png",
//                                                        "support": 0,        index of the photo it was made from
//                                                        "alpha": 0.8,        share of the photo's path in the latents
//                                                        "attempt": 0}, ...]  above 0: drawn again
//                                           }, ...]}
//   contact.png                contact_sheets.h: one row for each class
//
// <class> is ClassFileStem (layout.h). While an archive is unfinished, its checkpoint has the archive's name: one line
// {"bytes": N, "records": [...]}, the N bytes of an archive of the images so far, and one of the originals if they are
// kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/image_shards.h"
#include "tint/artifacts/stage_writer.h"

namespace tint {

struct GeneratedImage {
  std::string file;
  int64_t support_idx = 0;
  double alpha = 1;
  int64_t attempt = 0;
};

struct GeneratedClass {
  std::string name;
  std::vector<std::string> shards;
  std::vector<GeneratedImage> images;
};

struct GeneratedImages {
  int64_t image_size = 0;
  std::vector<GeneratedClass> classes;

  void Write(StageWriter& writer) const;  // index.json
  // Error(kCorrupt) for an index.json that Write would not write.
  static GeneratedImages Read(const CompletedStage& generate);
};

std::string GeneratedImageFile(int64_t image_idx);                           // "00017.png"
std::string GeneratedShardFile(const std::string& stem, int64_t shard_idx);  // "cat-000.zip"

// The images of one archive, or the first of them.
struct GeneratedShard {
  std::vector<ShardEntry> images, originals;
  std::vector<GeneratedImage> records;
};
// Writes the archives and their records and removes the checkpoint.
void WriteGeneratedShard(const GeneratedShard& shard, const std::string& file, StageWriter& writer);
// The records of a finished archive; nothing while it is unfinished.
std::optional<std::vector<GeneratedImage>> ReadGeneratedRecords(const StageWriter& writer, const std::string& file);
// The images of an archive, in order.
std::vector<ShardEntry> ReadGeneratedShard(const StageWriter& writer, const std::string& file);
std::vector<ShardEntry> ReadGeneratedShard(const CompletedStage& generate, const std::string& file);

// The bytes of an unfinished archive's checkpoint.
std::string SerializeUnfinishedShard(const GeneratedShard& shard);
GeneratedShard ParseUnfinishedShard(const std::string& bytes, const std::string& file);

}  // namespace tint
