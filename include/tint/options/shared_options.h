// SPDX-License-Identifier: Apache-2.0
// Options that several commands have: declared alike everywhere. Each returns the option, for what differs.
#pragma once

#include <cstdint>
#include <string>

#include "tint/options/option.h"

namespace tint {

inline constexpr char kModelsHelp[] = "Folder of the model set (holds models.json).";
inline constexpr char kModelsOrArgumentHelp[] = "Folder of the model set; may also be given as the argument DIR.";
inline constexpr char kSeedHelp[] = "Random seed.";

// --models DIR, --dataset NAME: "" = not given.
Option& DeclareModels(OptionList& list, std::string* models, const std::string& help = kModelsHelp);
Option& DeclareDataset(OptionList& list, std::string* dataset);
// --split train|val|test.
Option& DeclareSplit(OptionList& list, std::string* split, const std::string& help);
// --device auto|cpu|cuda|cuda:N, as ChooseDevice (tint/tensor/device.h) takes it.
Option& DeclareDevice(OptionList& list, std::string* device);
// --seed, an integer that every JSON reader holds exactly: at most 2^53 - 1.
Option& DeclareSeed(OptionList& list, int64_t* seed, const std::string& help = kSeedHelp);
// --threads: 0 = one per core.
Option& DeclareThreads(OptionList& list, int64_t* threads);
// --image-size, a side in pixels: 0 = as `help` says.
Option& DeclareImageSize(OptionList& list, int64_t* image_size, const std::string& help);
// --out, a file to write, and --force, which replaces it.
Option& DeclareOut(OptionList& list, std::string* out, const std::string& help);
Option& DeclareForce(OptionList& list, bool* force, const std::string& help = "Replace --out if it already exists.");

// An option that a command cannot do without: "" is Error(kUsage) naming flag and meaning.
void RequireGiven(const std::string& value, const std::string& flag, const std::string& meaning);

}  // namespace tint
