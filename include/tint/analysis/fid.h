// SPDX-License-Identifier: Apache-2.0
// Fréchet distance of generated to real images, by the features of the role `inception`. docs/method.md, FID at 64
// dimensions.
//
// Both sides become squares of one side (centre crop, antialiased bilinear where the size differs), as bytes, before
// the features are computed from them in [0, 1]: the role's file resizes them to 299 bilinearly without antialias and
// maps to -1...1, which is pytorch-fid's preprocessing; programs that preprocess differently give different numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tint/base/json_fwd.h"
#include "tint/data/dataset.h"
#include "tint/options/option.h"

namespace tint {

inline constexpr char kFidPreprocessing[] = "pytorch-fid";

struct FidOptions {
  std::string models;
  bool per_class = false;
  int64_t size = 0;     // 0: the data set's where one side is a split, else 84
  int64_t limit = 300;  // images of each class; 0: all
  int64_t seed = 0;
  std::string device = "auto", save_statistics;

  void Declare(OptionList& list);
};

// One side: images in one group, or of a run in one group an episode; or saved statistics of images. A
// folder of images without classes has the one class "".
struct ImageGroup {
  std::string name;  // "" or "episode 3"
  std::shared_ptr<ImageSource> source;
};
struct ImageSet {
  std::string name;        // as given
  int64_t image_size = 0;  // of the data set; 0: unknown
  std::vector<ImageGroup> groups = {};
  std::string statistics_file = {};  // an .npz: no groups
  bool has_classes() const {
    return !groups.empty() && groups.front().source->Classes() != std::vector<std::string>{""};
  }
};

// `text`: DATASET:SPLIT (below TINT_DATA), a run folder (the images of its generate stages; two results of one
// episode: Error(kBadInput) that names their folders), the folder of one generate result, a folder of class folders, or
// a folder of images; or a file of statistics, .npz. Nothing of that kind: Error(kMissingInput).
ImageSet OpenImages(const std::string& text);

struct FidValue {
  std::string group, class_name;
  double fid = 0;
  int64_t real = 0, generated = 0;  // images
};

struct FidReport {
  double fid = 0;
  std::vector<FidValue> classes = {};  // with per_class: fid is their mean inside a group, then over groups
  int64_t real = 0, generated = 0;     // images compared; 0: unknown, for statistics without a count
  int64_t size = 0, dimensions = 0;
  std::string real_name = {}, generated_name = {}, inception_sha256 = {};
  std::vector<std::string> warnings = {};  // fewer images than features, other codecs

  Json ToJson() const;
  std::string ToTable() const;
};

// Every class of `generated` must be among those of `real` (others of which are left out), unless one side has no
// classes: then all is pooled, and per_class is Error(kUsage). A class with fewer than two images, statistics of
// another inception or of images of another size: Error(kBadInput).
FidReport MeasureFid(const FidOptions& options, const ImageSet& real, const ImageSet& generated);

}  // namespace tint
