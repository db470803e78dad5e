// chronicler sentiment, on the opinions that come with the source.
#include <filesystem>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_run.h"
#include "cli/task_command.h"
#include "support/source_dir.h"

namespace chronicler::test {
namespace {

const std::string texts = (source_dir() / "examples/data/opinions.tsv").string();

class SentimentCommand : public TaskCommand {
 protected:
  SentimentCommand()
      : TaskCommand("sentiment",
                    {texts, "-o", "m.keras", "--threads", "1", "--units", "24", "--batch-size",
                     "16", "--dropout", "0.2", "--word-dropout", "0.05", "--learning-rate", "0.01"},
                    "20") {}
};

TEST_F(SentimentCommand, TrainsLabelsAndEvaluates) {
  const ProgramRun trained = train();
  EXPECT_EQ(trained.status, 0) << trained.errors;
  EXPECT_TRUE(trained.out.starts_with("The model ")) << trained.out;
  for (const char* part : {"naive Bayes on n-grams", "always the most frequent label", "macro F1",
                           "label (rows), predicted (columns)"})
    EXPECT_NE(trained.out.find(part), std::string::npos) << part;
  EXPECT_NE(trained.errors.find("texts from column \"text\", labels from \"label\""),
            std::string::npos);

  const ProgramRun labelled = run({"run", "m.keras", file("new.txt", "a superb film\n")});
  EXPECT_EQ(labelled.status, 0) << labelled.errors;
  EXPECT_NE(labelled.out.find("a superb film\t"), std::string::npos) << labelled.out;
  const ProgramRun json = run({"run", "m.keras", "new.txt", "--json"});
  const auto object = nlohmann::json::parse(json.out);
  for (const char* key : {"label", "probability", "probabilities", "words"})
    EXPECT_TRUE(object.contains(key)) << key;

  const ProgramRun scored = run({"evaluate", "m.keras", texts, "--json"});
  EXPECT_EQ(scored.status, 0) << scored.errors;
  EXPECT_GT(nlohmann::json::parse(scored.out)["test_accuracy"].get<double>(), 0.6);
}

TEST_F(SentimentCommand, PausesAndGoesOn) { expect_the_same_after_a_pause("m.keras", 3); }

TEST_F(SentimentCommand, RefusesCheckpointsOfOlderVersions) {
  expect_old_checkpoint_refused("m.keras");
}

TEST_F(SentimentCommand, MeasuresFoldsFirst) {
  expect_folds("m.keras", {"accuracy", "macro_f1", "baseline_accuracy"},
               {"--epochs", "1", "--networks", "1"});
}

TEST_F(SentimentCommand, EndsAmidFoldsWithAnInterruption) {
  expect_no_model_of_stopped_folds("m.keras");
}

TEST_F(SentimentCommand, BlankLinesStayBlank) {
  ASSERT_EQ(train({"--quiet", "--epochs", "5"}).status, 0);
  file("new.txt", "a superb film\n\n \u00A0\t\r\n\u200B\na superb film");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, std::vector<std::string>{"--no-words"}}) {
    std::vector<std::string> arguments{"run", "m.keras", "new.txt"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const std::string out = run(arguments).out;
    const std::size_t end = out.find('\n');
    EXPECT_EQ(out.substr(end, 4), "\n\n\n\n") << out;
    EXPECT_EQ(out.substr(0, end + 1), out.substr(end + 4));
    arguments.emplace_back("--json");
    std::istringstream objects(run(arguments).out);
    std::string line;
    int count = 0;
    for (; std::getline(objects, line); ++count) {
      const auto object = nlohmann::json::parse(line);
      EXPECT_EQ(object["label"].is_null(), count > 0 && count < 4) << line;
      EXPECT_TRUE(object["text"].is_string());
    }
    EXPECT_EQ(count, 5);
  }
}

TEST_F(SentimentCommand, LeavesOutLabelsThatWereNeverLearnt) {
  ASSERT_EQ(train({"--quiet", "--epochs", "5"}).status, 0);
  file("test.tsv",
       "text\tlabel\na superb film\tgood\nso dull\t BAD\u00A0\nx\tpurple\ny\tpurple\nz\tmauve\n"
       "no label\t\n");
  const ProgramRun scored = run({"evaluate", "m.keras", "test.tsv", "--json"});
  EXPECT_EQ(scored.status, 0) << scored.errors;
  const auto json = nlohmann::json::parse(scored.out);
  EXPECT_EQ(json["test_texts"], 2);
  EXPECT_EQ(json["left_out"], 4);
  EXPECT_EQ(json["unknown_labels"]["purple"], 2);
  EXPECT_EQ(
      scored.errors,
      "note: 1 rows of \"test.tsv\" have no label and are left out (--strict refuses them)\n"
      "note: label \"BAD\" is taken for \"bad\"\n"
      "note: \"test.tsv\": 3 of its texts have labels that the model never learnt: \"mauve\" 1, "
      "\"purple\" 2; left out (--strict refuses them)\n");
  const ProgramRun strict = run({"evaluate", "m.keras", "test.tsv", "--strict"});
  EXPECT_EQ(strict.status, 1);
  EXPECT_NE(strict.errors.find("test.tsv:7: no label"), std::string::npos) << strict.errors;
  file("strange.tsv", "text\tlabel\nx\tpurple\n");
  EXPECT_EQ(
      run({"evaluate", "m.keras", "strange.tsv", "--strict"}).errors,
      "error: strange.tsv:2: label \"purple\" is none of those that are learnt\nhint: those are "
      "bad, good\n");
  const ProgramRun none = run({"evaluate", "m.keras", "strange.tsv"});
  EXPECT_EQ(none.status, 1);
  EXPECT_NE(none.errors.find("\"strange.tsv\" cannot be scored, all 1 of its texts have labels"),
            std::string::npos)
      << none.errors;
}

TEST_F(SentimentCommand, ColorsWordsOnATerminal) {
  ASSERT_EQ(train({"--quiet"}).status, 0);
  file("new.txt", "a superb film\n");
  const std::map<std::string, std::string> colored{{"TERM", "xterm"}};
  const ProgramRun shown =
      run({"run", "m.keras", "new.txt"}, {.environment = colored, .terminal = true});
  EXPECT_NE(shown.out.find("\x1b["), std::string::npos) << shown.out;
  EXPECT_EQ(run({"run", "m.keras", "new.txt"}).out.find("\x1b["), std::string::npos);
}

TEST_F(SentimentCommand, TellsItsResultsAsJson) {
  const ProgramRun trained = train({"--json", "--quiet", "--test-fraction", "0.2"});
  EXPECT_EQ(trained.status, 0) << trained.errors;
  EXPECT_EQ(trained.errors, "");
  const auto json = nlohmann::json::parse(trained.out);
  for (const char* key : {"test_accuracy", "naive_bayes_accuracy", "seconds"})
    EXPECT_TRUE(json[key].is_number()) << key;
}

TEST_F(SentimentCommand, GoesOnAfterAnInterruption) {
  RunOptions soon;
  soon.interrupt_after = 1.5;
  const ProgramRun stopped = train({"--epochs", "10000"}, soon);
  EXPECT_EQ(stopped.status, 130) << stopped.errors;
  EXPECT_NE(stopped.errors.find("--resume goes on"), std::string::npos) << stopped.errors;
  EXPECT_TRUE(std::filesystem::exists(folder_.path("m.keras.checkpoint")));
  EXPECT_EQ(run({"run", "m.keras", file("new.txt", "x\n")}).status, 0);
}

TEST_F(SentimentCommand, SaysWhatIsWrong) {
  const auto error_of = [&](const std::string& file, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"train", file, "-o", "m.keras", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramRun run = this->run(arguments);
    EXPECT_EQ(run.status, 1) << run.errors;
    return run.errors;
  };
  EXPECT_EQ(error_of("none.tsv"),
            "error: cannot read none.tsv: No such file or directory\nhint: check the path\n");
  EXPECT_EQ(error_of(texts, {"--text", "txt"}),
            "error: " + texts +
                " has no column \"txt\"\nhint: did you mean \"text\"? It has "
                "\"text\", \"label\"\n");
  std::string one = "text\tlabel\n";
  for (int i = 0; i < 30; ++i) one += "word number " + std::to_string(i) + "\tgood\n";
  EXPECT_EQ(error_of(file("one.tsv", one), {"--test-fraction", "0"}),
            "error: every text has the label \"good\"\nhint: a classifier learns from texts of at "
            "least two labels\n");
  EXPECT_EQ(
      error_of(file("wrong.tsv", "text\tlabel\nx\ta\ny\n")),
      "error: wrong.tsv:3: 1 cell, the first line has 2\nhint: there is no tab within a cell\n");
  EXPECT_NE(error_of(file("few.tsv", "text\tlabel\nx\ta\ny\tb\n")).find("error: "),
            std::string::npos);
  EXPECT_EQ(error_of(texts, {"--test", file("test.tsv", "text\tlabel\nx\tpurple\n")})
                .find("error: test.tsv:2: label \"purple\" is none of those that are learnt"),
            0U);
  EXPECT_EQ(run({"train", texts, "-o", "m.keras", "--test", "a", "--test-fraction", "0.1"}).status,
            2);
}

TEST_F(SentimentCommand, ShowsExamplesFirst) { expect_help({"train", "run", "evaluate"}); }

}  // namespace
}  // namespace chronicler::test
