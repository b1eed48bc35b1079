#include "tint/data/dataset_survey.h"

#include <set>

#include "dataset_formats.h"
#include "tint/base/error.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using internal::Form;

std::string FormName(Form form) {
  switch (form) {
    case Form::kZip:
      return "archive";
    case Form::kFolder:
      return "class folders";
    case Form::kCub:
      return "CUB-200-2011";
    case Form::kCifar:
      return "CIFAR-100";
    case Form::kCsv:
    case Form::kClassLists:
      return "lists";
    case Form::kNone:
      break;
  }
  return "";
}

SplitSurvey SurveySplit(const fs::path& root, const std::string& dataset, const std::string& split) {
  SplitSurvey survey{.split = split, .there = false, .form = "", .classes = 0, .problem = ""};
  try {
    const Form form = internal::FindSplit(root, dataset, split).form;
    if (form == Form::kNone) return survey;
    survey.there = true;
    survey.form = FormName(form);
    survey.classes = static_cast<int64_t>(OpenSplit(root, dataset, split)->Classes().size());
  } catch (const Error& error) {
    survey.there = true;
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
      any = any || survey.splits.back().there;
    }
    if (any) surveys.push_back(survey);
  }
  return surveys;
}

}  // namespace tint
