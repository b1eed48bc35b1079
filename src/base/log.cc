// SPDX-License-Identifier: Apache-2.0
#include "tint/base/log.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "tint/base/error.h"
#include "tint/base/progress.h"
#include "tint/base/text.h"

namespace tint {
namespace {

using Stderr = spdlog::sinks::ansicolor_stderr_sink<spdlog::details::console_mutex>;

// stderr; the progress bar is erased before a line is written.
class TerminalSink : public Stderr {
 public:
  using Stderr::ansicolor_stderr_sink;
  void log(const spdlog::details::log_msg& message) override {
    EraseProgressBar();
    Stderr::log(message);
  }
};

spdlog::color_mode ParseColor(const std::string& color) {
  if (color == "always") return spdlog::color_mode::always;
  if (color == "never") return spdlog::color_mode::never;
  if (color != "auto") {
    Fail(ExitCode::kUsage, {.field = "--color",
                            .found = Quote(color),
                            .expected = "one of auto, always, never",
                            .remedy = DidYouMean(color, {"auto", "always", "never"})});
  }
  auto variable = [](const char* name) { return std::string(std::getenv(name) ? std::getenv(name) : ""); };
  const bool plain = !variable("NO_COLOR").empty() || variable("TERM") == "dumb" || isatty(STDERR_FILENO) == 0;
  return plain ? spdlog::color_mode::never : spdlog::color_mode::always;
}

spdlog::level::level_enum ParseLevel(const std::string& level) {
  const std::vector<std::string> names = {"trace", "debug", "info", "warning", "error", "off"};
  for (const std::string& name : names) {
    if (level == name) return spdlog::level::from_str(name == "error" ? "err" : name);
  }
  Fail(ExitCode::kUsage, {.field = "--log-level",
                          .found = Quote(level),
                          .expected = "one of " + Join(names, ", "),
                          .remedy = DidYouMean(level, names)});
}

}  // namespace

void SetUpLogging(const std::string& level, const std::string& color) {
  const auto threshold = ParseLevel(level);
  auto sink = std::make_shared<TerminalSink>(ParseColor(color));
  auto logger = std::make_shared<spdlog::logger>("tint", sink);
  logger->set_level(threshold);
  logger->set_pattern("[%H:%M:%S] %^%l%$: %v");
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(logger);
}

}  // namespace tint
