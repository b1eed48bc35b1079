// SPDX-License-Identifier: Apache-2.0
// Mean and covariance of one side's features in a file.
#pragma once

#include <cstdint>
#include <string>

#include "tint/statistics/frechet.h"

namespace tint {

// An .npz (zip of NumPy arrays) with float64 mu [D] and sigma [D, D] is the format of pytorch-fid. Those of tint
// also contain int64 scalars `count` and `size`, and the hash of the inception role's file as bytes.
struct FidStatistics {
  FeatureMoments moments;        // count 0: unknown
  int64_t size = 0;              // of the images; 0: unknown
  std::string inception_sha256;  // "": unknown
};

// Equal statistics give equal bytes.
std::string WriteFidStatistics(const FidStatistics& statistics);
// Stored or deflated; mu and sigma of floats of 4 or 8 bytes, finite, sigma symmetric; other arrays are left out. Else
// Error(kBadInput).
FidStatistics ReadFidStatistics(const std::string& bytes, const std::string& file);

}  // namespace tint
