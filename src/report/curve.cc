// SPDX-License-Identifier: Apache-2.0
#include "tint/report/curve.h"

#include <cmath>

#include "tint/base/error.h"
#include "tint/base/json.h"

namespace tint {

std::string CurvesJsonl(const std::vector<Curve>& curves) {
  std::string lines;
  for (const Curve& curve : curves) {
    TINT_CHECK_EQ(curve.steps.size(), curve.values.size()) << "in curve " << curve.name;
    const bool number = !curve.episode.empty() && curve.episode.find_first_not_of("0123456789") == std::string::npos;
    Json line = {{"result", curve.result},
                 {"episode", number ? Json(std::stoull(curve.episode)) : Json(curve.episode)},
                 {"stage", curve.stage},
                 {"class", curve.class_name.empty() ? Json() : Json(curve.class_name)},
                 {"step", 0},
                 {"name", curve.name},
                 {"value", nullptr}};
    for (size_t k = 0; k < curve.steps.size(); ++k) {
      line["step"] = curve.steps[k];
      line["value"] = std::isfinite(curve.values[k]) ? Json(curve.values[k]) : Json();
      // A path need not be UTF-8: then its other bytes are shown as U+FFFD.
      lines += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    }
  }
  return lines;
}

Curve InBins(const Curve& curve, size_t bins) {
  TINT_CHECK_GT(bins, size_t{0});
  const size_t count = curve.values.size();
  if (count <= bins) return curve;
  Curve binned = curve;
  binned.steps.clear();
  binned.values.clear();
  for (size_t bin = 0; bin < bins; ++bin) {
    const size_t begin = bin * count / bins, end = (bin + 1) * count / bins;
    double sum = 0;
    for (size_t k = begin; k < end; ++k) sum += curve.values[k];
    binned.steps.push_back(curve.steps[end - 1]);
    binned.values.push_back(sum / static_cast<double>(end - begin));
  }
  return binned;
}

}  // namespace tint
