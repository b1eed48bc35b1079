// SPDX-License-Identifier: Apache-2.0
#include "tint/options/names.h"

#include <algorithm>

#include "tint/base/text.h"

namespace tint {

void BuiltinOptions::Declare(OptionList& list) {
  list.Add("help", &help, "Print this help and exit.").NotInKey();
  list.Add("preset", &preset,
           "Set of values to start from: paper (the defaults), upstream (the paper's released code), pmf (the "
           "meta-training of its teacher), smoke (small: minutes on a CPU); or a baseline: labelhalluc (support and "
           "base "
           "images labelled by logistic regression, otherwise as upstream), support-only, base-only (support images, "
           "and "
           "base images labelled by the teacher).")
      .Choices(PresetNames())
      .NotInKey();
  list.Add("config", &config, "JSON file of options.").Is(TextKind::kFile).NotInKey();
  list.Add("print-config", &print_config, "Print every value with its origin and exit.").NotInKey();
}

std::string VariableName(const std::string& group, const std::string& name) {
  std::string variable = "TINT_" + (group.empty() ? "" : group + "_") + name;
  for (char& c : variable) {
    if (c == '-' || c == '.') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return variable;
}

Names::Names(OptionList& builtin, std::deque<OptionGroup>& groups, const Elsewhere& elsewhere, std::string bare_group)
    : bare_group_(std::move(bare_group)) {
  for (Option& option : builtin.options()) {
    const std::string variable = option.is_flag() ? "" : VariableName("", option.name());
    Add({"", option.name(), option.name(), variable, &option, true});
  }
  auto path = [](const std::string& group, const std::string& name) {
    return group.empty() ? name : group + "." + name;
  };
  for (OptionGroup& group : groups) {
    groups_.push_back(group.name);
    for (Option& option : group.list.options()) {
      const std::string& name = option.name();
      Add({group.name, name, path(group.name, name), VariableName(group.name, name), &option});
    }
  }
  for (const auto& [group, names] : elsewhere) {
    if (!HasGroup(group)) groups_.push_back(group);
    for (const std::string& name : names) {
      if (Find(path(group, name)) != nullptr) continue;
      Add({group, name, path(group, name), VariableName(group, name), nullptr});
    }
  }
}

void Names::Add(Entry entry) {
  for (const Entry& other : entries_) {
    const bool same = entry.path == other.path || (!entry.variable.empty() && entry.variable == other.variable);
    TINT_CHECK(!same) << "options " << entry.path << " and " << other.path << " have one spelling";
  }
  entries_.push_back(std::move(entry));
}

const Names::Entry* Names::Find(const std::string& path) const {
  const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.path == path; });
  return at == entries_.end() ? nullptr : &*at;
}

Option& Names::At(const std::string& path) const {
  const Entry* entry = Find(path);
  TINT_CHECK(entry != nullptr && entry->option != nullptr) << path;
  return *entry->option;
}

bool Names::HasGroup(const std::string& group) const { return std::count(groups_.begin(), groups_.end(), group) > 0; }

std::string Names::MeaningOf(const std::string& bare) const {
  auto known = [&](const std::string& path) {
    const Entry* entry = Find(path);
    return entry != nullptr && entry->option != nullptr;
  };
  if (known(bare)) return bare;
  if (!bare_group_.empty() && known(bare_group_ + "." + bare)) return bare_group_ + "." + bare;
  const std::vector<std::string> paths = PathsNamed(bare);
  return paths.size() == 1 ? paths[0] : "";
}

std::vector<std::string> Names::PathsNamed(const std::string& bare) const {
  std::vector<std::string> paths;
  for (const Entry& entry : entries_) {
    if (entry.option != nullptr && entry.name == bare) paths.push_back(entry.path);
  }
  return paths;
}

std::vector<std::string> Names::Spellings(const Entry& entry) const {
  std::vector<std::string> spellings;
  if (entry.builtin && entry.name == "help") spellings.push_back("-h");
  if (!entry.group.empty() && MeaningOf(entry.name) == entry.path) spellings.push_back("--" + entry.name);
  spellings.push_back("--" + entry.path);
  return spellings;
}

std::vector<std::string> Names::AllSpellings() const {
  std::vector<std::string> all;
  for (const Entry& entry : entries_) {
    if (entry.option == nullptr) continue;
    const std::vector<std::string> spellings = Spellings(entry);
    all.insert(all.end(), spellings.begin(), spellings.end());
  }
  return all;
}

std::string Suggest(const std::string& name, const std::vector<std::string>& candidates,
                    const std::vector<std::string>& same_name) {
  if (same_name.empty()) return DidYouMean(name, candidates);
  const std::string nearest = NearestName(name, same_name);
  return nearest.empty() ? "Did you mean '" + Join(same_name, "' or '") + "'?" : "Did you mean '" + nearest + "'?";
}

}  // namespace tint
