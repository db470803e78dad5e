// chronicler bench, through the real program.
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_run.h"

namespace chronicler::test {
namespace {

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(nlohmann::json::parse(text.substr(at, end - at)));
    at = end + 1;
  }
  return lines;
}

TEST(Bench, TimesTraining) {
  const ProgramRun run = run_chronicler(
      {"bench", "train", "--only", "T01,T06", "--seconds", "0.01", "--threads", "1", "--json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const std::vector<nlohmann::json> lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["id"], "T01");
  EXPECT_EQ(lines[1]["id"], "T06");
  for (const char* key : {"train_ms", "train_min", "infer_ms", "infer_min", "train_gflops",
                          "train_percent_of_peak"}) {
    EXPECT_GT(lines[0][key].get<double>(), 0.0) << key;
  }
}

TEST(Bench, TimesStreams) {
  const ProgramRun run =
      run_chronicler({"bench", "stream", "--only", "LSTM8", "--seconds", "0.02", "--json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const std::vector<nlohmann::json> lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["id"], "LSTM8");
  EXPECT_GT(lines[0]["step_ns"].get<double>(), 0.0);
  EXPECT_GE(lines[0]["p99_ns"].get<double>(), 0.0);
}

TEST(Bench, TimesAnAxis) {
  const ProgramRun run = run_chronicler(
      {"bench", "scaling", "--only", "batch", "--seconds", "0.01", "--threads", "2", "--json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const std::vector<nlohmann::json> lines = lines_of(run.out);
  ASSERT_GT(lines.size(), 2U);
  EXPECT_EQ(lines.front()["batch"], 1);
  EXPECT_EQ(lines.back()["batch"], 512);
  for (const char* key : {"train_ms_1", "train_ms_2", "operations"}) {
    EXPECT_GT(lines[0][key].get<double>(), 0.0) << key;
  }
  const ProgramRun refused = run_chronicler({"bench", "scaling", "--only", "bach"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.errors.find("unknown axis \"bach\""), std::string::npos) << refused.errors;
}

TEST(Bench, TimesOptions) {
  const ProgramRun run = run_chronicler({"bench", "options", "--seconds", "0.01", "--json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const std::vector<nlohmann::json> lines = lines_of(run.out);
  ASSERT_GT(lines.size(), 2U);
  EXPECT_EQ(lines[0]["option"], "none");
  EXPECT_EQ(lines[0]["over_none"], 1.0);
  EXPECT_GT(lines[1]["train_ms"].get<double>(), 0.0);
}

TEST(Bench, TimesLayersParallelOverTime) {
  const ProgramRun run =
      run_chronicler({"bench", "scan", "--only", "LSTM-256-T512-B32,MinGRU-64-T16384-B1",
                      "--seconds", "0.01", "--json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const std::vector<nlohmann::json> lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["id"], "LSTM-256-T512-B32");
  EXPECT_EQ(lines[1]["id"], "MinGRU-64-T16384-B1");
  for (const char* key : {"train_ms", "infer_ms"}) EXPECT_GT(lines[1][key].get<double>(), 0.0);
  const ProgramRun refused = run_chronicler({"bench", "scan", "--only", "MinGRU"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.errors.find("unknown shape \"MinGRU\""), std::string::npos) << refused.errors;
}

TEST(Bench, TimesLongSequences) {
  const ProgramRun run = run_chronicler({"bench", "long", "--only", "LSTM-64-T1000-B1", "--seconds",
                                         "0.01", "--memory-budget", "8MB", "--json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const std::vector<nlohmann::json> lines = lines_of(run.out);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["id"], "LSTM-64-T1000-B1");
  for (const char* key : {"train_ms", "infer_ms", "peak_mb"})
    EXPECT_GT(lines[0][key].get<double>(), 0.0) << key;
}

TEST(Bench, TimesTheFirstSteps) {
  const ProgramRun run = run_chronicler({"bench", "first", "--json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(lines_of(run.out).size(), 10U);
}

TEST(Bench, WritesTheShapesThatItReads) {
  const ProgramRun all = run_chronicler({"bench", "shapes"});
  ASSERT_EQ(all.status, 0) << all.errors;
  EXPECT_EQ(nlohmann::json::parse(all.out).size(), 13U);
  const std::string file = ::testing::TempDir() + "bench_shapes.json";
  std::ofstream(file) << all.out;
  const ProgramRun again = run_chronicler(
      {"bench", "infer", "--shapes", file, "--only", "T08", "--seconds", "0.01", "--json"});
  ASSERT_EQ(again.status, 0) << again.errors;
  EXPECT_EQ(lines_of(again.out).at(0)["id"], "T08");
}

TEST(Bench, RefusesUnknownShapes) {
  const ProgramRun run = run_chronicler({"bench", "infer", "--only", "T99"});
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.errors.find("unknown shape \"T99\""), std::string::npos) << run.errors;
  const ProgramRun stream = run_chronicler({"bench", "stream", "--only", "LSTM9"});
  EXPECT_EQ(stream.status, 1);
  EXPECT_NE(stream.errors.find("unknown shape \"LSTM9\""), std::string::npos) << stream.errors;
  EXPECT_EQ(stream.out, "");
  EXPECT_EQ(run_chronicler({"bench", "sideways"}).status, 2);
}

TEST(Bench, OnlyStreamsHaveRoundedWeights) {
  const std::vector<std::string> rounded{"--weights", "bfloat16", "--seconds", "0.02"};
  std::vector<std::string> arguments{"bench", "stream", "--only", "LSTM8", "--json"};
  arguments.insert(arguments.end(), rounded.begin(), rounded.end());
  EXPECT_EQ(run_chronicler(arguments).status, 0);
  arguments[1] = "train";
  arguments[3] = "T01";
  const ProgramRun run = run_chronicler(arguments);
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.errors, "error: --weights does nothing with train\nhint: leave it out\n");
}

TEST(Bench, AnUnknownInstructionSetIsAnErrorWithAnyNumberOfThreads) {
  for (const char* threads : {"1", "3"}) {
    const ProgramRun run = run_chronicler({"bench", "infer", "--only", "T01", "--threads", threads},
                                          {.environment = {{"CHRONICLER_ISA", "nonsense"}}});
    EXPECT_EQ(run.status, 1);
    EXPECT_NE(run.errors.find("CHRONICLER_ISA"), std::string::npos) << run.errors;
  }
}

}  // namespace
}  // namespace chronicler::test
