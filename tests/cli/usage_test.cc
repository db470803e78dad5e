// Help, version and every way to use the program wrongly.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/version.h"
#include "cli/program_run.h"

namespace chronicler::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Wrong usage: status 2, nothing on standard output, one error line and one hint line.
void expect_usage_error(const std::vector<std::string>& arguments, const std::string& error,
                        const std::string& hint) {
  const ProgramRun run = run_chronicler(arguments);
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.errors, "error: " + error + "\nhint: " + hint + "\n");
}

TEST(Usage, HelpShowsExamplesFirst) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"-h"}, {"demo", "--help"}}) {
    const ProgramRun run = run_chronicler(arguments);
    EXPECT_EQ(run.status, 0);
    EXPECT_EQ(run.errors, "");
    const std::size_t examples = run.out.find("Examples:");
    ASSERT_NE(examples, std::string::npos) << run.out;
    EXPECT_LT(examples, run.out.find("Usage:"));
    EXPECT_LT(run.out.find("Usage:"), run.out.find("Options:"));
  }
}

TEST(Usage, HelpListsTheCommands) {
  const ProgramRun run = run_chronicler({"--help"});
  EXPECT_TRUE(contains(run.out, "Commands:\n  demo ")) << run.out;
}

TEST(Usage, TellsItsVersion) {
  const ProgramRun run = run_chronicler({"--version"});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out, "chronicler " CHRONICLER_VERSION "\n");
}

TEST(Usage, WantsACommand) {
  expect_usage_error({}, "no command was given",
                     "chronicler demo shows what this is; chronicler --help lists the commands");
}

TEST(Usage, NamesTheNearestCommand) {
  expect_usage_error({"dmeo"}, "unknown command \"dmeo\"", "did you mean demo?");
  expect_usage_error({"dmeo", "-o", "folder"}, "unknown command \"dmeo\"", "did you mean demo?");
}

TEST(Usage, NamesTheNearestOption) {
  expect_usage_error({"demo", "--sed", "3"}, "unknown option \"--sed\"", "did you mean --seed?");
  expect_usage_error({"demo", "--qick=1"}, "unknown option \"--qick\"", "did you mean --quick?");
  expect_usage_error({"--verbose"}, "unknown option \"--verbose\"",
                     "chronicler --help lists the options");
}

TEST(Usage, HasNoPlaceForFurtherWords) {
  expect_usage_error({"demo", "digits"}, "unexpected argument \"digits\"",
                     "chronicler demo --help shows what may follow");
}

TEST(Usage, WantsValuesThatFit) {
  const std::string hint = "chronicler demo --help shows how it is used";
  expect_usage_error({"demo", "--seed"}, "--seed needs a value", hint);
  expect_usage_error({"demo", "--seed", "x"}, "--seed needs a whole number from 0 on, got \"x\"",
                     hint);
  expect_usage_error({"demo", "--seed=-1"}, "--seed needs a whole number from 0 on, got \"-1\"",
                     hint);
  expect_usage_error({"demo", "--seed", "99999999999999999999"},
                     "--seed needs a whole number from 0 on, got \"99999999999999999999\"", hint);
  expect_usage_error({"demo", "--threads", "0"},
                     "--threads needs a whole number from 1 to 256, got \"0\"", hint);
}

TEST(Usage, WantsWordsThatFit) {
  expect_usage_error({"demo", "--quick=3"}, "--quick takes no value",
                     "chronicler demo --help shows how it is used");
  expect_usage_error(
      {"forecast", "train", "x.csv", "--target", "y", "-o", "m.keras", "--delimiter", "ab"},
      "--delimiter needs ,, ; or tab, got \"ab\"",
      "chronicler forecast train --help shows how it is used");
}

TEST(Usage, WantsNumbersThatFit) {
  const std::string hint = "chronicler generate train --help shows how it is used";
  const std::vector<std::string> train{"generate", "train", "x.txt", "-o", "m.keras"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), train.begin(), train.end());
    return more;
  };
  expect_usage_error(with({"--max-seconds=-1"}), "--max-seconds needs a number above 0, got \"-1\"",
                     hint);
  expect_usage_error(with({"--dropout", "2"}),
                     "--dropout needs a number at least 0 and below 1, got \"2\"", hint);
  expect_usage_error(with({"--weight-decay", "nan"}),
                     "--weight-decay needs a number at least 0, got \"nan\"", hint);
  expect_usage_error(with({"--units", "1", "--units", "2"}), "--units is given twice", hint);
}

TEST(Usage, ColorsErrorsOnATerminalOnly) {
  EXPECT_FALSE(contains(run_chronicler({"dmeo"}).errors, "\x1b"));
  const std::map<std::string, std::string> plain{{"TERM", "xterm"}, {"NO_COLOR", ""}};
  EXPECT_TRUE(contains(run_chronicler({"dmeo"}, {.environment = plain, .terminal = true}).out,
                       "\x1b[31merror:"));
  const std::map<std::string, std::string> no_color{{"TERM", "xterm"}, {"NO_COLOR", "1"}};
  EXPECT_FALSE(
      contains(run_chronicler({"dmeo"}, {.environment = no_color, .terminal = true}).out, "\x1b"));
}

}  // namespace
}  // namespace chronicler::test
