// SPDX-License-Identifier: Apache-2.0
// What most sources include and what takes longest to compile, precompiled once (CMakeLists.txt, tint_pch). Sources
// still include what they use: the build without precompiled headers must work too (scripts/lint uses one).
#pragma once

#include <ATen/ATen.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>
