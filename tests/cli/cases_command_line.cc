// Command lines.
#include "bad_cases.h"

namespace tint::testing {
namespace {

constexpr ExitCode kUsage = ExitCode::kUsage;

void AddGrammar(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::vector<std::string>& arguments,
                       const std::vector<std::string>& message) {
    cases->push_back({"CommandLine" + name, arguments, kUsage, message});
  };
  add("CommandNearAnother", {"specialise", "--run", "{run}"},
      {"command: specialise is no command; expected one of specialize, super-resolve, ", "did you mean 'specialize'?"});
  add("CommandNearNone", {"frobnicate", "--json"}, {"command: frobnicate is no command; expected one of specialize, "});
  add("CommandOfTwoWords", {"episodes", "drow", "--dataset", "small"},
      {"command: episodes drow is no command; expected one of ", "did you mean 'episodes draw'?"});
  add("OptionNearAnother", Photos({"--queris", "3"}),
      {"--queris: is not known; expected an option of this command", "did you mean '--queries'?"});
  add("OptionOfAStage", Photos({"--generate.alhpa=1"}),
      {"--generate.alhpa: is not known", "did you mean '--generate.alpha'?"});
  add("OptionOfAnotherCommand", {"verify", "{whole}", "--support", "{support}"},
      {"--support: is an option of another command; expected an option of this command"});
  add("OptionAmbiguous", {"specialize", "--json", "--run", "{run}", "--steps", "3"},
      {"--steps: is ambiguous; expected one of --textual-inversion.steps, --null-text-inversion.steps, "
       "--distill.steps"});
  add("ValueMissingAtTheEnd", Photos({"--seed"}),
      {"--seed: has no value; expected an integer in [0, 9007199254740991]"});
  add("ValueMissingBeforeAnOption", {"super-resolve", "--run", "--models", "{models}"},
      {"--run: is followed by --models; expected a text"});
  add("OptionTwice", Photos({"--seed", "1", "--seed", "2"}),
      {"--seed: is given 2 times (--seed, --seed); expected it once"});
  add("ArgumentTooMany", {"verify", "{whole}", "{run}"}, {"{run}: is one argument too many; expected only RUN"});
  add("ArgumentMissing", {"verify", "--json"}, {"RUN: is missing; expected run folder"});
}

void AddValues(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::vector<std::string>& more, const std::string& message) {
    cases->push_back({"CommandLine" + name, Photos(more), kUsage, {message}});
  };
  add("BelowTheRange", {"--images", "0"}, "--images: is 0; expected an integer in [1, 1000000]");
  add("AboveTheRange", {"--generate.images=1000001"},
      "--generate.images: is 1000001; expected an integer in [1, 1000000]");
  add("NotANumber", {"--alpha", "nan"}, "--alpha: is nan; expected a number in [0, 1]");
  add("FractionForAnInteger", {"--seed", "3.7"}, "--seed: is 3.7; expected an integer in [0, 9007199254740991]");
  add("TextForAnInteger", {"--threads", "two"}, "--threads: is two; expected an integer in [0, 4096]");
  add("Overflow", {"--seed", "18446744073709551616"}, "--seed: is 18446744073709551616; expected an integer in");
  add("ChoiceNearAnother", {"--student", "conv5"},
      "--student: is conv5; expected one of conv4, resnet12. did you mean 'conv4'?");
  add("Device", {"--device", "gpu"}, "--device: is gpu; expected auto, cpu, cuda or cuda:N");
  cases->push_back({.name = "CommandLineSeveral",
                    .arguments = Photos({"--alhpa", "1", "--seed", "x", "--images", "0", "--student"}),
                    .code = kUsage,
                    .message = {"--student: has no value", "--alhpa: is not known", "--seed: is x", "--images: is 0"},
                    .faults = 4});
}

void AddTogether(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::vector<std::string>& arguments, const std::string& message) {
    cases->push_back({"CommandLine" + name, arguments, kUsage, {message}});
  };
  add("NoRun", {"specialize", "--json", "--models", "{models}", "--support", "{support}"},
      "--run: not given; expected the run folder");
  add("NoModels", {"specialize", "--json", "--run", "{run}", "--support", "{support}"},
      "--models: not given; expected the folder of a model set");
  add("NeitherSupportNorDataset", {"specialize", "--json", "--run", "{run}", "--models", "{models}"},
      "--dataset: not given; expected a data set with --episodes and --episode, or --support DIR");
  add("SupportAndDataset", Photos({"--dataset", "small"}),
      "--support: given together with --dataset or --episodes; expected either an episode of a data set or folders");
  add("QueryWithoutSupport",
      {"specialize", "--json", "--run", "{run}", "--models", "{models}", "--dataset", "small", "--query", "{query}"},
      "--query: given without --support; expected --support DIR with --query DIR");
  add("NoStudent", {"predict", "--json", "{support}/red-disc/0000.png"},
      "--student: not given; expected the student.pt");
  add("NoListOfTheDataset", {"super-resolve", "--run", "{run}", "--models", "{models}", "--dataset", "small"},
      "--episodes: not given, and no list comes with data set small; expected a file of episodes");
  add("DatasetUpwards", {"dataset", "check", "../small"},
      "dataset: the name ../small holds a '/'; expected a name such");
}

void AddAbsent(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::vector<std::string>& arguments, const std::string& message,
                       ExitCode code = ExitCode::kMissingInput) {
    cases->push_back({"CommandLine" + name, arguments, code, {message}});
  };
  add("SupportAbsent", Photos({}, "{here}/photos"),
      "{here}/photos: is not there; expected a folder with a folder of photos per class");
  add("ModelsAbsent", {"super-resolve", "--run", "{run}", "--models", "{base}", "--support", "{support}"},
      "{base}/models.json: is not there");
  add("EpisodesAbsent", {"episodes", "check", "{here}/episodes.json"}, "{here}/episodes.json: is not there");
  add("StudentAbsent", {"predict", "--student", "{here}/student.pt", "{support}/red-disc/0000.png"},
      "{here}/student.pt: --student: no such file; expected the student.pt of a distill result");
  add("DatasetAbsent", {"dataset", "check", "smal"},
      "{data}/smal: is not there; expected the folder of the data set smal. did you mean 'small'?");
  add("BaseSplitAbsent", Photos({"--base", "small:tran"}),
      "{data}/small: split: holds neither tran.zip nor a folder tran; expected one of the splits that are there: "
      "train, "
      "test. did you mean 'train'?");
  add("RunOfNothing", {"verify", "{support}"}, "{support}/run.json: is not there; expected a run folder, made by");
  add("EarlierStageAbsent", {"generate", "--json", "--run", "{run}", "--models", "{models}", "--support", "{support}"},
      "{run}: generate: stage super-resolve has not run with these options; expected its result in this run folder. "
      "Run "
      "`tint super-resolve --run");
  add("ResultsInAFile",
      {"super-resolve", "--run", "{models}/models.json", "--models", "{models}", "--support", "{support}"},
      "{models}/models.json: is a file; expected a folder for results", ExitCode::kCannotCreate);
  add("StudentNotListed", {"predict", "--json", "--student", "{models}/teacher.pt", "{support}/red-disc/0000.png"},
      "{models}/teacher.pt: --student: a file that no done.json beside it lists; expected RUN/episodes/",
      ExitCode::kUntrusted);
  add("QueryIsSupport", Photos({"--query", "{support}"}),
      "{support}: query: is the folder of the supports; expected photos that were not learned from",
      ExitCode::kBadInput);
  add("DeviceAbsent", Photos({"--device", "cuda:99"}), "the device cuda:99 was asked for, but there is",
      ExitCode::kNoDevice);
}

}  // namespace

std::vector<BadCase> CommandLineCases() {
  std::vector<BadCase> cases;
  AddGrammar(&cases);
  AddValues(&cases);
  AddTogether(&cases);
  AddAbsent(&cases);
  return cases;
}

}  // namespace tint::testing
