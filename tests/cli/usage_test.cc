// Help, version and every way to use the program wrongly.
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/version.h"
#include "cli/program_run.h"
#include "support/temporary_folder.h"

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

// ---- options that do nothing beside others, or without them

const std::vector<std::vector<std::string>>& train_commands() {
  static const std::vector<std::vector<std::string>> commands{
      {"forecast", "train", "x.csv", "--target", "y", "-o", "m.keras"},
      {"sentiment", "train", "x.tsv", "-o", "m.keras"},
      {"generate", "train", "x.txt", "-o", "m.keras"},
      {"translate", "train", "x.tsv", "-o", "m.keras"},
      {"transcribe", "train", "x.tsv", "-o", "m.keras"}};
  return commands;
}

std::vector<std::string> operator+(std::vector<std::string> all,
                                   const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void expect_refused(const std::vector<std::string>& arguments, const std::string& error) {
  const ProgramRun run = run_chronicler(arguments);
  EXPECT_EQ(run.status, 2) << error;
  EXPECT_EQ(run.out, "");
  EXPECT_TRUE(run.errors.starts_with("error: " + error + "\nhint: ")) << run.errors;
}

TEST(Usage, TakesOneOfTwoOptionsOfWhichOnlyOneCounts) {
  const auto expect = [](const std::vector<std::string>& arguments, const std::string& one,
                         const std::string& other) {
    const ProgramRun run = run_chronicler(arguments);
    EXPECT_EQ(run.status, 2) << one << other;
    const auto error = [](const std::string& a, const std::string& b) {
      return "error: " + a + " and " + b + " cannot be given together\n";
    };
    EXPECT_TRUE(run.errors.starts_with(error(one, other)) ||
                run.errors.starts_with(error(other, one)))
        << one << other << run.errors;
  };
  using Words = std::vector<std::string>;
  for (const Words& train : train_commands()) {
    expect(train + Words{"--epochs", "2", "--max-seconds", "3"}, "--epochs", "--max-seconds");
    if (train.front() != "forecast")
      expect(train + Words{"--validation", "v", "--validation-fraction", "0.2"}, "--validation",
             "--validation-fraction");
  }
  const Words forecast = train_commands()[0];
  const Words sentiment = train_commands()[1];
  expect(forecast + Words{"--test-rows", "9", "--test-fraction", "0.2"}, "--test-rows",
         "--test-fraction");
  expect(forecast + Words{"--validation-rows", "9", "--validation-fraction", "0.2"},
         "--validation-rows", "--validation-fraction");
  expect(forecast + Words{"--day-first", "--month-first"}, "--day-first", "--month-first");
  expect(sentiment + Words{"--test", "t", "--test-fraction", "0.2"}, "--test", "--test-fraction");
  expect(sentiment + Words{"--vectors", "v", "--embedding", "9"}, "--vectors", "--embedding");
  expect(train_commands()[4] + Words{"--no-augmentation", "--gain", "3"}, "--no-augmentation",
         "--gain");
  const Words transcribe{"transcribe", "run", "m.keras"};
  for (const Words& more : {Words{"--no-timestamps"},
                            {"--output-txt"},
                            {"--output-srt"},
                            {"--output-vtt"},
                            {"--output-json"},
                            {"--page", "p.html"},
                            {"--language-model", "t"},
                            {"--beams", "3"}})
    expect(transcribe + Words{"--stream"} + more, "--stream", more.front());
  expect(transcribe + Words{"x.wav", "--json", "--no-timestamps"}, "--json", "--no-timestamps");
  expect({"convert", "a.h5", "b.keras", "--like", "c", "--architecture", "d"}, "--like",
         "--architecture");
}

TEST(Usage, RefusesOptionsThatDoNothing) {
  const std::vector<std::string> transcribe{"transcribe", "run", "m.keras", "x.wav"};
  expect_refused(transcribe + std::vector<std::string>{"--rate", "8000"},
                 "--rate does nothing without --stream");
  for (const char* option : {"--language-order", "--language-weight", "--label-bonus"}) {
    for (const char* command : {"run", "evaluate"})
      expect_refused({"transcribe", command, "m.keras", "x", option, "1"},
                     std::string(option) + " does nothing without --language-model");
  }
  for (const char* command : {"run", "evaluate"})
    expect_refused({"translate", command, "m.keras", "x", "--beam", "1", "--length-penalty", "2"},
                   "--length-penalty does nothing with --beam 1");
  expect_refused(
      train_commands()[1] + std::vector<std::string>{"--level", "subword", "--min-count", "3"},
      "--min-count does nothing with --level subword");
  for (const char* option : {"--top-k", "--seed"}) {
    expect_refused({"generate", "run", "m.keras", option, "2", "--temperature", "0.0"},
                   std::string(option) + " does nothing with --temperature 0");
  }
  const std::vector<std::string> train{"transcribe", "train", "calls.tsv", "-o", "m.keras"};
  expect_refused(train + std::vector<std::string>{"--noise", "0", "--least-snr", "3"},
                 "--least-snr does nothing with --noise 0");
  expect_refused(train + std::vector<std::string>{"--band-masks", "0", "--band-mask", "0.1"},
                 "--band-mask does nothing with --band-masks 0");
  expect_refused({"convert", "a.keras", "b.keras", "--names", "pytorch"},
                 "--names is for .safetensors files, OUT is \"b.keras\"");
  expect_refused({"bench", "first", "--seconds", "1"}, "--seconds does nothing with first");
  expect_refused({"bench", "train", "--weights", "bfloat16"}, "--weights does nothing with train");
  expect_refused({"bench", "shapes", "--json"}, "--json does nothing with shapes");
}

TEST(Usage, HasNoSeedWhereNothingIsDrawn) {
  for (const char* command : {"forecast run", "forecast backtest", "sentiment run",
                              "sentiment evaluate", "generate evaluate", "translate run",
                              "translate evaluate", "transcribe run", "transcribe evaluate"}) {
    const std::string words = command;
    const std::size_t space = words.find(' ');
    const ProgramRun run = run_chronicler(
        {words.substr(0, space), words.substr(space + 1), "m.keras", "x", "--seed", "1"});
    EXPECT_TRUE(run.errors.starts_with("error: unknown option \"--seed\"\n")) << run.errors;
  }
}

TEST(Usage, RefusesEmptyValues) {
  const std::string hint =
      "give a value, or leave the option out; is a variable of the shell empty?";
  expect_usage_error({"demo", "--seed", ""}, "the argument after \"--seed\" is empty", hint);
  expect_usage_error({"demo", "--seed="}, "nothing follows the = of \"--seed=\"", hint);
  expect_usage_error({"demo", "-o", "", "--quick"}, "the argument after \"-o\" is empty", hint);
  expect_usage_error({"", "--quick"}, "the first argument is empty", hint);
  expect_usage_error({"--help-man="}, "nothing follows the = of \"--help-man=\"", hint);
  expect_usage_error({"--help-man"}, "--help-man needs a value",
                     "chronicler --help shows how it is used");
  for (const std::vector<std::string>& train : train_commands()) {
    expect_usage_error(train + std::vector<std::string>{"--units=", "--seed", "1"},
                       "nothing follows the = of \"--units=\"", hint);
  }
}

// What is wrong with two options together has their names as the command line has them.
TEST(Usage, CallsOptionsByTheirNames) {
  const TemporaryFolder folder;
  const auto error_with = [&](std::vector<std::string> train, const std::string& content,
                              const std::vector<std::string>& more) {
    train[2] = folder.path(train[2]);
    std::ofstream(train[2]) << content;
    train[train.size() - 1] = folder.path("m.keras");
    return run_chronicler(train + more + std::vector<std::string>{"--quiet"}).errors;
  };
  const std::string lines = "a good day\tpos\nno good day\tneg\n";
  std::string texts = "text\tlabel\n";
  for (int i = 0; i < 20; ++i) texts += lines;
  EXPECT_EQ(error_with(train_commands()[1], texts, {"--spelling", "2"}),
            "error: --spelling must be 0 or at least 3, got 2\n");
  EXPECT_EQ(error_with(train_commands()[2], texts, {"--vocabulary", "300"}),
            "error: --vocabulary is how many sub-words there are, and characters are read\n"
            "hint: leave --vocabulary out, or give --level subword\n");
  EXPECT_EQ(error_with(train_commands()[3], texts,
                       {"--source-level", "word", "--target-level", "word", "--vocabulary", "300"}),
            "error: --vocabulary is how many sub-words there are, and neither side is read so\n"
            "hint: leave --vocabulary out, or give --source-level subword\n");
}

// Those who read no further have what they wanted: no error, and a shell sees SIGPIPE.
TEST(Usage, EndsQuietlyWhenNobodyReadsOn) {
  const ProgramRun run = run_chronicler({"--help-markdown"}, {.closed_output = true});
  EXPECT_EQ(run.status, 141);
  EXPECT_EQ(run.errors, "");
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
