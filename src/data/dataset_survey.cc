// SPDX-License-Identifier: Apache-2.0
#include "tint/data/dataset_survey.h"

#include <set>

#include "dataset_formats.h"
#include "tint/base/error.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using internal::DatasetFormat;

std::string FormatName(DatasetFormat format) {
  switch (format) {
    case DatasetFormat::kZip:
      return "archive";
    case DatasetFormat::kFolder:
      return "class folders";
    case DatasetFormat::kCub:
      return "CUB-200-2011";
    case DatasetFormat::kCifar:
      return "CIFAR-100";
    case DatasetFormat::kCsv:
    case DatasetFormat::kClassLists:
      return "lists";
    case DatasetFormat::kNone:
      break;
  }
  return "";
}

SplitSurvey SurveySplit(const fs::path& root, const std::string& dataset, const std::string& split) {
  SplitSurvey survey{.split = split, .exists = false, .format = "", .classes = 0, .problem = ""};
  try {
    const DatasetFormat format = internal::FindSplit(root, dataset, split).format;
    if (format == DatasetFormat::kNone) return survey;
    survey.exists = true;
    survey.format = FormatName(format);
    survey.classes = static_cast<int64_t>(OpenSplit(root, dataset, split)->Classes().size());
  } catch (const Error& error) {
    survey.exists = true;
    survey.problem = error.what();
  }
  return survey;
}

}  // namespace

std::vector<DatasetSurvey> SurveyDatasets(const fs::path& root) {
  std::error_code error;
  std::set<std::string> names;
  for (fs::directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    names.insert(name == "CUB_200_2011" ? "cub" : name);
  }
  if (error)
    Fail(ExitCode::kMissingInput,
         {.file = root, .found = error.message(), .expected = "the folder that holds the data sets"});
  std::vector<DatasetSurvey> surveys;
  for (const std::string& name : names) {
    DatasetSurvey survey{.name = name, .splits = {}};
    bool any = false;
    for (const char* split : {"train", "val", "test"}) {
      survey.splits.push_back(SurveySplit(root, name, split));
      any = any || survey.splits.back().exists;
    }
    if (any) surveys.push_back(survey);
  }
  return surveys;
}

}  // namespace tint
