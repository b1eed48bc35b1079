// SPDX-License-Identifier: Apache-2.0
// Which names a command knows, and how each is spelled on the command line, in a file and in the environment.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "tint/base/error.h"
#include "tint/options/resolve.h"

namespace tint {

// One value as given, not yet read.
struct Setting {
  std::string path;  // "generate.alpha", "seed"
  Json value;        // what a file or a preset gives; else `text`
  std::string text;  // what the command line or the environment gives
  bool is_text = false;
  ErrorDetail place;  // file, line, column and field, for messages about it
};

// What one origin gave, and every fault in it.
struct Layer {
  std::vector<Setting> settings;
  std::vector<ErrorDetail> faults;
};

// Options that every command has.
struct BuiltinOptions {
  bool help = false;
  std::string preset = "paper";
  std::string config;
  bool print_config = false;

  void Declare(OptionList& list);
};

class Names {
 public:
  struct Entry {
    std::string group, name;
    std::string path;      // "generate.alpha"; global and builtin: the name
    std::string variable;  // "TINT_GENERATE_ALPHA"; "" for what the environment cannot give (help, print-config)
    Option* option;        // nullptr: an option of another command
    bool builtin = false;
  };
  using Elsewhere = std::map<std::string, std::vector<std::string>>;

  // Error(kInternal) if two options have one spelling.
  Names(OptionList& builtin, std::deque<OptionGroup>& groups, const Elsewhere& elsewhere, std::string bare_group);

  const std::vector<Entry>& entries() const { return entries_; }  // builtin, this command's, then others'
  const Entry* Find(const std::string& path) const;
  Option& At(const std::string& path) const;
  bool HasGroup(const std::string& group) const;
  const std::vector<std::string>& groups() const { return groups_; }

  // The path that a name without prefix means on this command; "" if unknown or ambiguous.
  std::string MeaningOf(const std::string& bare) const;
  // "generate.steps", "distill.steps": this command's options of that name, in any group.
  std::vector<std::string> PathsNamed(const std::string& bare) const;
  // "--alpha", "--generate.alpha"; of the options of this command.
  std::vector<std::string> Spellings(const Entry& entry) const;
  // All spellings of this command.
  std::vector<std::string> AllSpellings() const;

 private:
  void Add(Entry entry);

  std::string bare_group_;
  std::vector<Entry> entries_;
  std::vector<std::string> groups_;
};

// "Did you mean 'a'?", or "": the nearest of `same_name` (those that differ from `name` only by their prefix), else all
// of them, else the nearest candidate.
std::string Suggest(const std::string& name, const std::vector<std::string>& candidates,
                    const std::vector<std::string>& same_name);

// Rejects unknown, ambiguous, repeated and incomplete options and wrong numbers of arguments; values are not read yet.
struct CommandLine : Layer {
  std::vector<std::string> positionals;
};
CommandLine ReadCommandLine(const Names& names, const std::vector<PositionalArgument>& wanted,
                            const std::vector<std::string>& arguments);
Layer ReadEnvironment(const Names& names);
// Syntax errors throw at once: nothing after them can be trusted.
Layer ReadConfiguration(const Names& names, const std::string& file);

// "generate", "learning-rate" -> "TINT_GENERATE_LEARNING_RATE".
std::string VariableName(const std::string& group, const std::string& name);

// With its first letter, if it begins with one, as a capital: a phrase becomes a sentence.
std::string Capitalized(std::string phrase);

// Appends `text` to `out` in lines of at most `width` columns that begin with `indent` blanks.
void AppendWrapped(std::string& out, const std::string& text, size_t indent, size_t width);

}  // namespace tint
