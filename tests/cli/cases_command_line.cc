// SPDX-License-Identifier: Apache-2.0
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
      {"unknown command 'specialise'. Did you mean 'specialize'? Run 'tint help' for the list."});
  add("CommandNearNone", {"frobnicate", "--json"}, {"unknown command 'frobnicate'. Run 'tint help' for the list."});
  add("CommandOfTwoWords", {"episodes", "drow", "--dataset", "small"},
      {"unknown command 'episodes drow'. Did you mean 'episodes draw'? Run 'tint help episodes' for the list."});
  add("OptionNearAnother", Photos({"--queris", "3"}),
      {"--queris: unknown option; expected an option of this command", "Did you mean '--queries'?"});
  add("OptionOfAStage", Photos({"--generate.alhpa=1"}),
      {"--generate.alhpa: unknown option", "Did you mean '--generate.alpha'?"});
  add("OptionOfAnotherCommand", {"verify", "{whole}", "--support", "{support}"},
      {"--support: is an option of another command; expected an option of this command"});
  add("OptionAmbiguous", {"specialize", "--json", "--run", "{run}", "--steps", "3"},
      {"--steps: is ambiguous; expected one of --textual-inversion.steps, --null-text-inversion.steps, "
       "--distill.steps"});
  add("ValueMissingAtTheEnd", Photos({"--seed"}),
      {"--seed: needs a value; expected an integer in [0, 9007199254740991]"});
  add("ValueMissingBeforeAnOption", {"super-resolve", "--run", "--models", "{models}"},
      {"--run: is followed by --models; expected a string"});
  add("OptionTwice", Photos({"--seed", "1", "--seed", "2"}),
      {"--seed: given more than once (--seed, --seed); expected one value"});
  add("ArgumentTooMany", {"verify", "{whole}", "{run}"}, {"{run}: unexpected argument; expected only RUN"});
  add("ArgumentMissing", {"verify", "--json"}, {"RUN: missing argument; expected run folder"});
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
      "--student: is conv5; expected one of conv4, resnet12. Did you mean 'conv4'?");
  add("Device", {"--device", "gpu"}, "--device: is gpu; expected auto, cpu, cuda or cuda:N");
  cases->push_back(
      {.name = "CommandLineSeveral",
       .arguments = Photos({"--alhpa", "1", "--seed", "x", "--images", "0", "--student"}),
       .code = kUsage,
       .message = {"--student: needs a value", "--alhpa: unknown option", "--seed: is x", "--images: is 0"},
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
      "--support: given together with --dataset or --episodes; expected either an episode of a data set or a custom "
      "image folder");
  add("QueryWithoutSupport",
      {"specialize", "--json", "--run", "{run}", "--models", "{models}", "--dataset", "small", "--query", "{query}"},
      "--query: given without --support; expected --support DIR with --query DIR");
  add("NoStudent", {"predict", "--json", "{support}/red-disc/0000.png"},
      "--student: not given; expected student.pt of a distill result");
  add("NoListOfTheDataset", {"super-resolve", "--run", "{run}", "--models", "{models}", "--dataset", "small"},
      "--episodes: not given, and tint includes no episodes of the data set small; expected an episode file. Draw "
      "episodes: tint episodes draw --dataset small");
  add("DatasetUpwards", {"dataset", "check", "../small"},
      "dataset: the name ../small contains a '/'; expected a name such");
}

void AddAbsent(std::vector<BadCase>* cases) {
  const auto add = [&](const std::string& name, const std::vector<std::string>& arguments, const std::string& message,
                       ExitCode code = ExitCode::kMissingInput) {
    cases->push_back({"CommandLine" + name, arguments, code, {message}});
  };
  add("SupportAbsent", Photos({}, "{here}/photos"),
      "{here}/photos: does not exist; expected a folder with one folder of images per class");
  add("ModelsAbsent", {"super-resolve", "--run", "{run}", "--models", "{base}", "--support", "{support}"},
      "{base}/models.json: does not exist");
  add("EpisodesAbsent", {"episodes", "check", "{here}/episodes.json"}, "{here}/episodes.json: does not exist");
  add("StudentAbsent", {"predict", "--student", "{here}/student.pt", "{support}/red-disc/0000.png"},
      "{here}/student.pt: --student: no such file; expected the student.pt of a distill result");
  add("DatasetAbsent", {"dataset", "check", "smal"},
      "{data}/smal: does not exist; expected the folder of the data set smal. Did you mean 'small'?");
  add("BaseSplitAbsent", Photos({"--base", "small:tran"}),
      "{data}/small: split: contains neither tran.zip nor a folder tran; expected one of the existing splits: "
      "train, "
      "test. Did you mean 'train'?");
  add("RunOfNothing", {"verify", "{support}"}, "{support}/run.json: does not exist; expected a run folder, made by");
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
      "{support}: query: is the folder of the supports; expected a different folder: queries must not be supports",
      ExitCode::kBadInput);
  add("DeviceAbsent", Photos({"--device", "cuda:99"}), "the device cuda:99 is not available: there is",
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
