// chronicler translate, on words that are spelled backwards.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/random.h"
#include "cli/program_run.h"
#include "cli/task_command.h"

namespace chronicler::test {
namespace {

std::string pairs_text(int count, std::uint64_t seed) {
  const Random random(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    std::string word;
    const auto at = static_cast<std::uint64_t>(i);
    for (std::uint64_t k = 0; k < 2 + random.below(3, 50, at); ++k)
      word += static_cast<char>('a' + random.below(5, k, at));
    text += word + "\t" + std::string(word.rbegin(), word.rend()) + "\n";
  }
  return text;
}

class TranslateCommand : public TaskCommand {
 protected:
  explicit TranslateCommand(const std::string& networks = "1")
      : TaskCommand("translate",
                    {"pairs.tsv", "-o", "m.keras", "--units", "24", "--layers", "1", "--embedding",
                     "16", "--learning-rate", "0.01", "--batch-pieces", "60", "--dropout", "0",
                     "--threads", "1", "--networks", networks},
                    "20") {
    file("pairs.tsv", pairs_text(600, 1));
    file("test.tsv", pairs_text(60, 2));
  }
};

class TranslateNetworks : public TranslateCommand {
 protected:
  TranslateNetworks() : TranslateCommand("2") {}
};

TEST_F(TranslateCommand, MeasuresFoldsFirst) {
  expect_folds("m.keras", {"bleu", "chrf", "baseline_bleu"}, {"--epochs", "0.5"});
}

TEST_F(TranslateCommand, EndsAmidFoldsWithAnInterruption) {
  expect_no_model_of_stopped_folds("m.keras");
}

TEST_F(TranslateCommand, TrainsTranslatesAndEvaluates) {
  const ProgramRun trained = train({"--test", "test.tsv"});
  EXPECT_EQ(trained.status, 0) << trained.errors;
  EXPECT_TRUE(trained.out.starts_with("The model ")) << trained.out;
  for (const char* row :
       {"this model, beam of 5", "this model, greedy", "translation memory", "the source itself"})
    EXPECT_NE(trained.out.find(row), std::string::npos) << trained.out;
  EXPECT_NE(trained.errors.find("pairs to learn from"), std::string::npos) << trained.errors;

  file("in.txt", "abc\n\ndea\n");
  const ProgramRun translated = run({"run", "m.keras", "in.txt", "--attention", "page.html"});
  EXPECT_EQ(translated.status, 0) << translated.errors;
  EXPECT_EQ(translated.out, "cba\n\naed\n");
  EXPECT_GT(std::filesystem::file_size(folder_.path("page.html")), 2000U);
  const auto line =
      nlohmann::json::parse(run({"run", "m.keras", file("one.txt", "abc\n"), "--json"}).out);
  EXPECT_EQ(line["translation"], "cba");

  const ProgramRun capitals = run({"run", "m.keras", file("capitals.txt", "aBC\n")});
  EXPECT_EQ(capitals.status, 0);
  EXPECT_NE(capitals.errors.find("note: 2 pieces of the texts do not occur"), std::string::npos)
      << capitals.errors;

  const ProgramRun scored =
      run({"evaluate", "m.keras", "test.tsv", "--json", "--memory", "pairs.tsv"});
  EXPECT_EQ(scored.status, 0) << scored.errors;
  const auto json = nlohmann::json::parse(scored.out);
  for (const char* key : {"bleu", "chrf", "exact", "word_error", "greedy_bleu", "memory_bleu",
                          "copy_bleu", "sentences"})
    EXPECT_TRUE(json[key].is_number()) << key;
  EXPECT_GT(json["exact"].get<double>(), 0.8);
}

// A line for each line, whatever is in it, as it comes and from a file.
TEST_F(TranslateCommand, BlankLinesStayBlank) {
  ASSERT_EQ(train({"--quiet"}).status, 0);
  const std::string text = "abc\n\n   \n\t\r\n\u00A0\u200B\ndea\r\n\nabc";
  const auto lines_of = [](const std::string& out) {
    std::vector<std::string> lines(1);
    for (const char c : out) {
      if (c == '\n') {
        lines.emplace_back();
      } else {
        lines.back() += c;
      }
    }
    return lines;
  };
  const std::vector<std::string> lines =
      lines_of(run({"run", "m.keras", file("in.txt", text)}).out);
  ASSERT_EQ(lines.size(), 9U);
  EXPECT_EQ(lines[0], "cba");
  for (const std::size_t i : {1U, 2U, 3U, 4U, 6U}) EXPECT_EQ(lines[i], "");
  EXPECT_EQ(lines[5], "aed");
  EXPECT_EQ(lines[7], "cba");
  const std::vector<std::string> objects =
      lines_of(run({"run", "m.keras", "in.txt", "--json"}).out);
  ASSERT_EQ(objects.size(), 9U);
  for (std::size_t i = 0; i < 8; ++i) {
    const auto object = nlohmann::json::parse(objects[i]);
    EXPECT_EQ(object["translation"], lines[i]) << i;
    EXPECT_TRUE(object["source"].is_string());
  }
}

TEST_F(TranslateCommand, ReadsTables) {
  std::string table = "source;target\r\n";
  const std::string pairs = pairs_text(200, 1);
  for (std::size_t at = 0; at < pairs.size();) {
    const std::size_t tab = pairs.find('\t', at);
    const std::size_t end = pairs.find('\n', at);
    table += "\"" + pairs.substr(at, tab - at) + "\";\"" + pairs.substr(tab + 1, end - tab - 1) +
             "\"\r\n";
    at = end + 1;
  }
  file("pairs.csv", table);
  const ProgramRun trained = run({"train", "pairs.csv", "-o", "m.keras", "--epochs", "1", "--units",
                                  "8", "--embedding", "8", "--test", "pairs.csv"});
  EXPECT_EQ(trained.status, 0) << trained.errors;
  EXPECT_NE(trained.errors.find("texts from column \"source\", their translations from column "
                                "\"target\""),
            std::string::npos)
      << trained.errors;
  file("ev.csv", "source,target\n\"abz\",\"zba\"\n\"ab\",\"ba\"\n");
  const ProgramRun scored = run({"evaluate", "m.keras", "ev.csv"});
  EXPECT_NE(scored.out.find("test, 2 sentences"), std::string::npos) << scored.out;
  EXPECT_NE(scored.errors.find("note: 1 pieces of the sources do not occur"), std::string::npos)
      << scored.errors;
}

TEST_F(TranslateCommand, TellsItsResultsAsJson) {
  const ProgramRun trained = train({"--json", "--quiet", "--epochs", "1"});
  EXPECT_EQ(trained.status, 0) << trained.errors;
  EXPECT_EQ(trained.errors, "");
  const auto json = nlohmann::json::parse(trained.out);
  EXPECT_TRUE(json["bleu"].is_null());
  for (const char* key : {"validation_nats", "seconds", "pieces_per_second", "weights"})
    EXPECT_TRUE(json[key].is_number()) << key;
}

TEST_F(TranslateCommand, GoesOnAfterAnInterruption) {
  RunOptions soon;
  soon.interrupt_after = 1.5;
  const ProgramRun stopped = train({"--epochs", "100000"}, soon);
  EXPECT_EQ(stopped.status, 130) << stopped.errors;
  EXPECT_NE(stopped.errors.find("--resume goes on"), std::string::npos) << stopped.errors;
  EXPECT_TRUE(std::filesystem::exists(folder_.path("m.keras.checkpoint")));
  EXPECT_EQ(run({"run", "m.keras", file("in.txt", "abc\n")}).status, 0);
  const ProgramRun other = train({"--resume", "--seed", "7"});
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.errors.find("is of another run"), std::string::npos) << other.errors;
  const ProgramRun resumed = train({"--resume", "--epochs", "0.1"});
  EXPECT_EQ(resumed.status, 0) << resumed.errors;
  EXPECT_FALSE(std::filesystem::exists(folder_.path("m.keras.checkpoint")));
}

TEST_F(TranslateCommand, PausesAndGoesOn) { expect_the_same_after_a_pause("m.keras", 3); }

TEST_F(TranslateNetworks, PauseAndGoOn) { expect_the_same_after_a_pause("m.keras", 3, 2); }

TEST_F(TranslateCommand, RefusesCheckpointsOfOlderVersions) {
  expect_old_checkpoint_refused("m.keras");
}

TEST_F(TranslateCommand, IsNotStoppedByBadRows) {
  file("pairs.tsv", pairs_text(100, 1) + "\tno source\nno target\nna\xEFve\tx\n");
  const ProgramRun trained = train({"--epochs", "1"});
  EXPECT_EQ(trained.status, 0) << trained.errors;
  for (const char* note : {"pairs.tsv:101: the source is empty (column 1); left out",
                           "pairs.tsv:102: 1 cell", "pairs.tsv:103: byte 0xef is not UTF-8"})
    EXPECT_NE(trained.errors.find(note), std::string::npos) << trained.errors;
}

TEST_F(TranslateCommand, SaysWhatIsWrong) {
  const auto error_of = [&](const std::vector<std::string>& arguments) {
    const ProgramRun run = this->run(arguments);
    EXPECT_EQ(run.status, 1);
    return run.errors;
  };
  EXPECT_EQ(error_of({"train", "none.tsv", "-o", "m.keras"}),
            "error: cannot read none.tsv: No such file or directory\nhint: check the path\n");
  EXPECT_EQ(error_of({"train", file("empty.tsv", ""), "-o", "m.keras"}),
            "error: empty.tsv is empty\nhint: each line is a text, a tab and its translation\n");
  EXPECT_NE(error_of({"train", file("few.tsv", "a\tb\n"), "-o", "m.keras"}).find("too few"),
            std::string::npos);
  EXPECT_NE(error_of({"train", "pairs.tsv", "-o", "m.keras", "--source", "fr"}).find("no column"),
            std::string::npos);
  EXPECT_NE(error_of({"run", "none.keras"}).find("none.keras"), std::string::npos);
  EXPECT_EQ(run({"train", "pairs.tsv"}).status, 2);
  EXPECT_EQ(run({"train", "pairs.tsv", "-o", "m.keras", "--attention", "hard"}).status, 2);
  EXPECT_EQ(train({"--epochs", "0.1"}).status, 0);
  EXPECT_NE(error_of({"run", "m.keras", file("latin.txt", "ok\nna\xEFve\n")})
                .find("latin.txt:2: byte 0xef is not UTF-8"),
            std::string::npos);
  EXPECT_NE(error_of({"run", "m.keras", file("endless.txt", "ok\n" + std::string(20'000, 'x'))})
                .find("endless.txt:2: a line of more than 16384 bytes"),
            std::string::npos);
}

TEST_F(TranslateCommand, ShowsExamplesFirst) { expect_help({"train", "run", "evaluate"}); }

}  // namespace
}  // namespace chronicler::test
