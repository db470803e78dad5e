// Where files are, what they are called, and what must not be in them.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "structure/project_files.h"
#include "support/source_dir.h"

namespace chronicler::structure {
namespace {

// The path without its file: "src/training/losses/".
std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// Whether the header `stem` exists: in `folder` of src/, in that of its level, or as a public one.
bool has_header(const std::string& folder, const std::string& stem) {
  const std::string level = level_of(folder);
  const std::string inside = folder.substr(folder.find('/') + 1);
  if (is_file("include/chronicler/" + inside + stem + ".h")) return true;
  return is_file(folder + stem + ".h") || is_file("src/" + level + "/" + stem + ".h") ||
         is_file("include/chronicler/" + level + "/" + stem + ".h");
}

// Sources without a header of their own name: they define parts of what another header declares.
const std::set<std::string>& sources_of_other_headers() {
  static const std::set<std::string> set{
      "src/training/trainer_parts.cc",
      "src/data/calendar_learning.cc",                      // row_calendar.h
      "src/data/calendar_sentence.cc",                      // row_calendar.h
      "src/data/calendar_features.cc",                      // time_series.h
      "src/insight/svg.cc",                                 // chart.h
      "src/insight/text_plot.cc",                           // chart.h
      "src/layers/options/activation_option.cc",            // options.h
      "src/layers/options/constraints.cc",                  // options.h
      "src/layers/options/initializers.cc",                 // options.h
      "src/layers/core/names.cc",                           // layer.h
      "src/layers/options/regularizers.cc",                 // options.h
      "src/layers/formula/formula_run_backward.cc",         // formula_run.h
      "src/layers/formula/formula_run_memory.cc",           // formula_run.h
      "src/layers/recurrent/lstm_variant_backward.cc",      // lstm_variant_run.h
      "src/layers/recurrent/recurrent_run.cc",              // recurrent.h
      "src/layers/recurrent/recurrent_step.cc",             // recurrent.h
      "src/layers/operations/cast_operation.cc",            // operation_kinds.h
      "src/layers/operations/element_operation.cc",         // operation_kinds.h
      "src/layers/operations/join_operation.cc",            // operation_kinds.h
      "src/layers/operations/line_operation.cc",            // operation_kinds.h
      "src/layers/operations/matmul_operation.cc",          // operation_kinds.h
      "src/layers/operations/reduce_operation.cc",          // operation_kinds.h
      "src/layers/operations/reshape_operation.cc",         // operation_kinds.h
      "src/layers/operations/select_operation.cc",          // operation_kinds.h
      "src/model/sequential.cc",                            // model.h
      "src/training/callbacks/best_weights.cc",             // callbacks.h
      "src/training/callbacks/learning_rate_over_run.cc",   // callbacks.h
      "src/training/callbacks/report.cc",                   // callbacks.h
      "src/training/callbacks/csv_logger.cc",               // callbacks.h
      "src/training/callbacks/early_stopping.cc",           // callbacks.h
      "src/training/callbacks/lambda_callback.cc",          // callbacks.h
      "src/training/callbacks/learning_rate_scheduler.cc",  // callbacks.h
      "src/training/callbacks/model_checkpoint.cc",         // callbacks.h
      "src/training/callbacks/reduce_lr_on_plateau.cc",     // callbacks.h
      "src/training/callbacks/swap_ema_weights.cc",         // callbacks.h
      "src/training/callbacks/tensor_board.cc",             // callbacks.h
      "src/training/callbacks/terminate_on_nan.cc",         // callbacks.h
      "src/training/predict.cc",                            // fit.h
  };
  return set;
}

// Tests that are not about one file of their level.
const std::set<std::string>& tests_of_many_files() {
  static const std::set<std::string> set{"tests/formats/hostile_files_test.cc",
                                         "tests/formats/hostile_files_slow_test.cc",
                                         "tests/formats/weights_alone_test.cc",
                                         "tests/tasks/forecast/forecaster_calendar_test.cc",
                                         "tests/tasks/forecast/forecaster_future_test.cc",
                                         "tests/tasks/forecast/model_files_test.cc",
                                         "tests/tasks/generate/model_files_test.cc",
                                         "tests/tasks/sentiment/model_files_test.cc",
                                         "tests/tasks/transcribe/model_files_test.cc",
                                         "tests/tasks/translate/model_files_test.cc",
                                         "tests/training/metrics/compiled_metrics_test.cc",
                                         "tests/training/losses/logits_test.cc",
                                         "tests/training/optimizers/sparse_gradients_test.cc",
                                         "tests/tasks/shared/option_tables_test.cc"};
  return set;
}

bool is_text(const std::string& path) {
  static const std::set<std::string, std::less<>> binary{".png",   ".npy",        ".npz", ".gz",
                                                         ".keras", ".chronicler", ".wav"};
  return std::none_of(binary.begin(), binary.end(),
                      [&](const std::string& ending) { return path.ends_with(ending); });
}

// What we write ourselves: code, scripts, settings and documents; data and the licence keep the
// shape they came in.
std::vector<std::string> own_texts() {
  std::vector<std::string> files;
  for (const std::string& path : project_files()) {
    if (is_text(path) && !path.starts_with("tests/golden/") && !path.ends_with(".csv") &&
        path != "LICENSE") {
      files.push_back(path);
    }
  }
  return files;
}

TEST(Files, EverySourceHasAHeaderOfItsName) {
  std::vector<std::string> findings;
  for (const std::string& path : files_in("src/", {".cc"})) {
    if (sources_of_other_headers().contains(path)) continue;
    if (!has_header(folder_of(path), stem_of(path))) findings.push_back(path);
  }
  expect_none(findings,
              "Whoever looks for x.cc's declarations looks into x.h: name the pair alike, or list "
              "the source in sources_of_other_headers().");
}

TEST(Files, ASourceIncludesItsOwnHeaderFirst) {
  std::vector<std::string> findings;
  for (const std::string& path : files_in("src/", {".cc"})) {
    // Highway includes these again for each instruction set: its own headers come first.
    if (path.starts_with("src/kernels/simd/") || sources_of_other_headers().contains(path))
      continue;
    const std::vector<Include> includes = includes_of(path);
    if (includes.empty() || stem_of(includes.front().name) != stem_of(path)) {
      findings.push_back(path);
    }
  }
  expect_none(findings, "Its own header first shows that the header compiles alone.");
}

TEST(Files, EveryHeaderIsGuarded) {
  std::vector<std::string> findings;
  for (const std::string& path : files_in("", {".h"})) {
    if (path.ends_with("-inl.h")) continue;  // Highway's are included once for each instruction set
    if (text_of(path).find("#pragma once\n") == std::string::npos) findings.push_back(path);
  }
  expect_none(findings, "Add #pragma once below the comment at the top.");
}

TEST(Files, EveryTestNamesWhatItTests) {
  static const std::set<std::string> mirrored{"base",     "kernels", "layers", "model",
                                              "training", "formats", "data",   "decoding",
                                              "insight",  "tasks"};
  std::vector<std::string> findings;
  for (const std::string& path : files_in("tests/", {"_test.cc"})) {
    const std::string level = level_of(path);
    if (!mirrored.contains(level) || tests_of_many_files().contains(path)) continue;
    const std::string stem = std::regex_replace(stem_of(path), std::regex("(_slow)?_test$"), "");
    const std::string folder = "src/" + folder_of(path).substr(std::string("tests/").size());
    const bool exists = has_header(folder, stem) || is_file(folder + stem + ".cc") ||
                        is_file(folder + "simd/" + stem + ".cc") ||
                        is_file(folder + "reference/" + stem + ".h");
    if (!exists) findings.push_back(path + ": no " + stem + " in " + folder + " or include/");
  }
  expect_none(findings,
              "tests/ mirrors src/: name the test after its file, move it to tests/conformance, or "
              "list it in tests_of_many_files().");
}

TEST(Files, EveryTestIsInAFolder) {
  std::vector<std::string> findings;
  for (const std::string& path : files_in("tests/", {"_test.cc"})) {
    const auto folders = std::count(path.begin(), path.end(), '/') - 1;
    if (folders != 1 && folders != 2) findings.push_back(path);
  }
  expect_none(findings,
              "CMake looks for tests/<level>/x_test.cc and tests/<level>/<room>/x_test.cc; "
              "elsewhere a test never runs.");
}

TEST(Files, NoneIsLarge) {
  constexpr std::uintmax_t limit = 2U << 20U;
  std::vector<std::string> findings;
  for (const std::string& path : project_files()) {
    if (size_of_file(path) > limit) {
      findings.push_back(path + ": " + std::to_string(size_of_file(path)) + " bytes");
    }
  }
  expect_none(findings, "At most 2 MiB: a clone stays small. Shrink it, or make it in a script.");
}

// Sources that may be long, and why.
const std::set<std::string>& long_sources() {
  static const std::set<std::string> set{
      "src/kernels/simd/recurrent-inl.h",  // one subject, compiled for each instruction set
  };
  return set;
}

TEST(Files, NoSourceIsLong) {
  constexpr std::size_t most_lines = 500;
  std::vector<std::string> findings;
  for (std::string_view folder : {"src/", "include/", "apps/"}) {
    for (const std::string& path : files_in(folder, {".h", ".cc"})) {
      const std::size_t lines = lines_of(path).size();
      if (lines > most_lines && !long_sources().contains(path))
        findings.push_back(path + ": " + std::to_string(lines) + " lines");
    }
  }
  expect_none(findings,
              "At most 500 lines: split it into files that are each named after the one thing in "
              "them, or give the reason in long_sources() and ARCHITECTURE.md.");
}

TEST(Files, NoFolderIsCrowded) {
  constexpr int most_files = 60;
  std::map<std::string, int> counts;
  for (const std::string& path : project_files()) {
    if (!path.starts_with("tests/golden/")) ++counts[folder_of(path)];
  }
  std::vector<std::string> findings;
  for (const auto& [folder, count] : counts) {
    if (count > most_files) findings.push_back(folder + ": " + std::to_string(count) + " files");
  }
  expect_none(findings, "At most 60 files: make rooms in it, each for one subject.");
}

TEST(Files, NothingIsLeftUndone) {
  static const std::regex words(
      R"(\b(TODO|FIXME|XXX|HACK)\b|\b(not implemented|unimplemented|for now|placeholder)\b)");
  std::vector<std::string> findings;
  for (std::string_view folder : {"src/", "include/", "apps/"}) {
    for (const std::string& path : files_in(folder, {".h", ".cc"})) {
      int number = 0;
      for (const std::string& line : lines_of(path)) {
        ++number;
        if (std::regex_search(line, words)) findings.push_back(place(path, number) + ": " + line);
      }
    }
  }
  expect_none(findings, "Do it, or leave it out; plans belong into an issue.");
}

TEST(Files, NoTestIsSwitchedOff) {
  // Written in two parts, so that this file is not found.
  static const std::vector<std::string> words{std::string("DISABLED") + "_",
                                              std::string("GTEST") + "_SKIP"};
  std::vector<std::string> findings;
  for (const std::string& path : files_in("tests/", {".h", ".cc"})) {
    int number = 0;
    for (const std::string& line : lines_of(path)) {
      ++number;
      for (const std::string& word : words) {
        if (line.find(word) != std::string::npos) findings.push_back(place(path, number));
      }
    }
  }
  expect_none(findings, "Mend the test or delete it: one that does not run proves nothing.");
}

// Whether the line names something below `folder`: with nothing of a longer path in front.
bool names_path(std::string_view line, std::string_view folder) {
  for (std::size_t at = line.find(folder); at != std::string_view::npos;
       at = line.find(folder, at + 1)) {
    const char before = at == 0 ? ' ' : line[at - 1];
    const bool is_inner = std::isalnum(static_cast<unsigned char>(before)) != 0 ||
                          std::string_view("}._-)/").find(before) != std::string_view::npos;
    if (!is_inner) return true;
  }
  return false;
}

TEST(Files, NoPathOfThisMachineIsInThem) {
  std::vector<std::string> paths{test::source_dir().string() + "/"};
  const char* home = std::getenv("HOME");
  if (home != nullptr && std::string(home).size() > 1) paths.push_back(std::string(home) + "/");
  std::vector<std::string> findings;
  for (const std::string& file : own_texts()) {
    int number = 0;
    for (const std::string& line : lines_of(file)) {
      ++number;
      for (const std::string& path : paths) {
        if (names_path(line, path)) findings.push_back(place(file, number));
      }
    }
  }
  expect_none(findings, "Write paths from the root of the project.");
}

TEST(Files, TextIsClean) {
  std::vector<std::string> findings;
  for (const std::string& path : own_texts()) {
    const std::string text = text_of(path);
    if (!text.empty() && text.back() != '\n')
      findings.push_back(path + ": no end of the last line");
    if (text.ends_with("\n\n")) findings.push_back(path + ": empty lines at the end");
    int number = 0;
    for (const std::string& line : lines_of(path)) {
      ++number;
      const bool breaks_line_in_markdown = path.ends_with(".md") && line.ends_with("  ");
      if (line.ends_with('\r')) {
        findings.push_back(place(path, number) + ": carriage return");
      } else if ((line.ends_with(' ') || line.ends_with('\t')) && !breaks_line_in_markdown) {
        findings.push_back(place(path, number) + ": blanks at the end");
      }
      if (line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ")) {
        findings.push_back(place(path, number) + ": left over from a merge");
      }
      if (line.find('\t') != std::string::npos && (path.ends_with(".cc") || path.ends_with(".h"))) {
        findings.push_back(place(path, number) + ": tab");
      }
    }
  }
  expect_none(findings, "Most editors mend this when told of .editorconfig.");
}

TEST(Files, PackagesHaveReasons) {
  static const std::regex package(R"(^[a-z0-9][a-z0-9.+-]*  # .*[a-z].*$)");
  static const std::regex group(R"(^\[[a-z]+\]$)");
  std::vector<std::string> findings;
  std::set<std::string> seen;
  bool in_group = false;
  int number = 0;
  for (const std::string& line : lines_of("scripts/packages.txt")) {
    ++number;
    const std::string where = place("scripts/packages.txt", number);
    if (line.empty() || line.starts_with("# ")) continue;
    if (std::regex_match(line, group)) {
      in_group = true;
      continue;
    }
    if (!in_group) findings.push_back(where + ": before the first [group]");
    if (!std::regex_match(line, package)) findings.push_back(where + ": " + line);
    if (!seen.insert(line.substr(0, line.find(' '))).second) {
      findings.push_back(where + ": named twice");
    }
  }
  EXPECT_GT(seen.size(), 5U) << "scripts/packages.txt was not read";
  expect_none(findings, "Each line is: package, two blanks, #, the reason it is needed.");
}

TEST(Files, ScriptsCanBeRun) {
  std::vector<std::string> findings;
  for (const std::string& path : files_in("scripts/", {""})) {
    if (path.ends_with(".txt") || path.ends_with(".bash")) continue;
    const std::vector<std::string> lines = lines_of(path);
    if (lines.empty() || !lines.front().starts_with("#!/usr/bin/env ")) {
      findings.push_back(path + ": no #!/usr/bin/env line");
    }
    if (path.find('.') == std::string::npos &&
        std::find(lines.begin(), lines.end(), "set -euo pipefail") == lines.end()) {
      findings.push_back(path + ": no set -euo pipefail");
    }
  }
  expect_none(findings, "A script says what runs it and stops at the first failure.");
}

TEST(Files, ContinuousIntegrationRunsTheTestScript) {
  EXPECT_NE(text_of(".ci/run").find("scripts/test"), std::string::npos)
      << ".ci/run must call scripts/test, the command that the README shows.";
}

}  // namespace
}  // namespace chronicler::structure
