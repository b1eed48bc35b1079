// SPDX-License-Identifier: Apache-2.0
#include "tint/base/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tint/base/text.h"

namespace tint {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSecondsBetweenLines = 1.0;
constexpr double kSecondsBetweenFrames = 0.1;
constexpr int kBarCells = 24;

std::atomic<ProgressStyle> process_style{ProgressStyle::kAuto};
std::atomic<bool> bar_is_shown{false};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

ProgressStyle ResolvedStyle() {
  const ProgressStyle style = process_style.load();
  if (style != ProgressStyle::kAuto) return style;
  const bool terminal = isatty(STDERR_FILENO) != 0 && Variable("TERM") != "dumb" && Variable("CI").empty();
  return terminal ? ProgressStyle::kBar : ProgressStyle::kLines;
}

size_t TerminalColumns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

void Write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

struct Progress::State {
  std::string stage;
  std::string unit;
  int64_t total = 0;
  ProgressStyle style = ProgressStyle::kNone;
  Clock::time_point start = Clock::now();
  Clock::time_point last_output = start;
  int64_t done = 0, before = 0;
  int64_t last_tenth = 0;
  bool ended = false;
  std::string note;

  double Elapsed() const { return std::chrono::duration<double>(Clock::now() - start).count(); }
  double SinceOutput() const { return std::chrono::duration<double>(Clock::now() - last_output).count(); }
  double Rate() const { return Elapsed() > 0 ? static_cast<double>(done - before) / Elapsed() : 0; }
  double Remaining() const { return Rate() > 0 ? static_cast<double>(std::max<int64_t>(total - done, 0)) / Rate() : 0; }
  bool IsFinished() const { return done >= total; }
  int64_t Tenth() const { return total > 0 ? done * 10 / total : 10; }

  std::string Text() const;
  std::string JsonLine() const;
  std::string Bar() const;
  void Show();
  void ShowLine();
};

std::string Progress::State::Text() const {
  const std::string rate = fmt::format("{:.3g}", Rate());
  std::string text = std::to_string(done) + "/" + std::to_string(total) + " " + unit;
  if (done > before) text += ", " + std::string(rate) + "/s";
  if (IsFinished()) {
    text += ", took " + FormatSeconds(Elapsed());
  } else if (done > before) {
    text += ", " + FormatSeconds(Remaining()) + " left";
  }
  return note.empty() ? text : text + ", " + note;
}

std::string Progress::State::JsonLine() const {
  const nlohmann::ordered_json line = {
      {"stage", stage}, {"done", done}, {"total", total}, {"rate", Rate()}, {"remaining_seconds", Remaining()}};
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string Progress::State::Bar() const {
  const int64_t full = total > 0 ? std::min(done, total) * kBarCells / total : kBarCells;
  std::string bar = stage + " [" + std::string(static_cast<size_t>(full), '#') +
                    std::string(static_cast<size_t>(kBarCells - full), '.') + "] " + Text();
  const size_t columns = TerminalColumns() - 1;  // a full line would wrap and could not be erased
  if (bar.size() > columns) bar.resize(columns);
  return "\r\033[K" + bar;
}

void Progress::State::Show() {
  if (style == ProgressStyle::kNone) return;
  if (style != ProgressStyle::kBar) return ShowLine();
  if (ended || (SinceOutput() < kSecondsBetweenFrames && !IsFinished())) return;
  last_output = Clock::now();
  Write(Bar());
  bar_is_shown = true;
}

void Progress::State::ShowLine() {
  const int64_t tenth = Tenth();
  const bool due = tenth > last_tenth && SinceOutput() >= kSecondsBetweenLines;
  if (ended || (!due && !IsFinished())) return;
  ended = IsFinished();
  last_tenth = tenth;
  last_output = Clock::now();
  Write(style == ProgressStyle::kJson ? JsonLine() : stage + ": " + Text() + "\n");
}

void SetProgressStyle(ProgressStyle style) { process_style = style; }

void EraseProgressBar() {
  if (bar_is_shown.exchange(false)) Write("\r\033[K");
}

Progress::Progress(std::string stage, std::string unit, int64_t total) : state_(std::make_unique<State>()) {
  state_->stage = std::move(stage);
  state_->unit = std::move(unit);
  state_->total = total;
  state_->style = ResolvedStyle();
}

Progress::~Progress() {
  if (state_->style == ProgressStyle::kBar && bar_is_shown.exchange(false)) Write(state_->Bar() + "\n");
}

void Progress::Advance(int64_t units) {
  state_->done += units;
  state_->Show();
}

void Progress::StartFrom(int64_t done) {
  state_->before = state_->done = done;
  state_->last_tenth = state_->Tenth();
}

void Progress::AdvanceTo(int64_t done) { Advance(done - state_->done); }

void Progress::Note(const std::string& note) { state_->note = note; }

}  // namespace tint
