// chronicler generate, on the project's licence.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_run.h"
#include "cli/task_command.h"
#include "support/source_dir.h"

namespace chronicler::test {
namespace {

const std::string text = (source_dir() / "LICENSE").string();

class GenerateCommand : public TaskCommand {
 protected:
  explicit GenerateCommand(const std::string& networks = "1")
      : TaskCommand("generate",
                    {text, "-o", "m.keras", "--units", "24", "--layers", "1", "--threads", "1",
                     "--networks", networks},
                    "2") {}
};
class GenerateNetworks : public GenerateCommand {
 protected:
  GenerateNetworks() : GenerateCommand("2") {}
};

TEST_F(GenerateCommand, MeasuresFoldsFirst) {
  expect_folds("m.keras", {"nats", "ngram_nats"}, {"--epochs", "0.5"});
}

TEST_F(GenerateCommand, EndsAmidFoldsWithAnInterruption) {
  expect_no_model_of_stopped_folds("m.keras");
}

TEST_F(GenerateCommand, TrainsWritesAndEvaluates) {
  const ProgramRun trained = train();
  EXPECT_EQ(trained.status, 0) << trained.errors;
  // Two rounds are not enough to beat the counts, and the first line says so.
  EXPECT_TRUE(trained.out.starts_with("The model does not beat the ")) << trained.out;
  EXPECT_NE(trained.out.find("Longest passage"), std::string::npos);
  EXPECT_NE(trained.errors.find("different characters"), std::string::npos) << trained.errors;

  const ProgramRun written = run({"run", "m.keras", "--prompt", "The", "--length", "80"});
  EXPECT_EQ(written.status, 0) << written.errors;
  EXPECT_EQ(written.out.size(), 3U + 80U + 1U);
  EXPECT_TRUE(written.out.starts_with("The"));
  EXPECT_EQ(written.out, run({"run", "m.keras", "--prompt", "The", "--length", "80"}).out);

  const ProgramRun scored = run({"evaluate", "m.keras", text, "--json"});
  EXPECT_EQ(scored.status, 0) << scored.errors;
  const auto json = nlohmann::json::parse(scored.out);
  EXPECT_LT(json["nats"].get<double>(), 4.0);
  for (const char* key : {"bits", "perplexity", "cold_nats", "characters"})
    EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_FALSE(json.contains("adapted_nats"));

  const ProgramRun adapted = run({"evaluate", "m.keras", text, "--adapt", "--json"});
  EXPECT_EQ(adapted.status, 0) << adapted.errors;
  const auto both = nlohmann::json::parse(adapted.out);
  EXPECT_EQ(both["nats"], json["nats"]);
  EXPECT_LT(both["adapted_nats"].get<double>(), both["nats"].get<double>());
  const ProgramRun shown = run({"evaluate", "m.keras", text, "--adapt"});
  EXPECT_NE(shown.out.find("where a copy of the model keeps learning"), std::string::npos);
  const ProgramRun refused = run({"evaluate", "m.keras", text, "--decay", "0.1"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.errors.find("--adapt"), std::string::npos) << refused.errors;
}

TEST_F(GenerateCommand, TellsItsResultsAsJson) {
  const ProgramRun trained = train({"--json", "--quiet", "--validation-fraction", "0.2"});
  EXPECT_EQ(trained.status, 0) << trained.errors;
  EXPECT_EQ(trained.errors, "");
  const auto json = nlohmann::json::parse(trained.out);
  for (const char* key : {"validation_nats", "ngram_nats", "seconds", "characters_per_second"})
    EXPECT_TRUE(json[key].is_number()) << key;
}

TEST_F(GenerateCommand, GoesOnAfterAnInterruption) {
  RunOptions soon;
  soon.interrupt_after = 1.5;
  const ProgramRun stopped = train({"--epochs", "100000", "--dropout", "0.1"}, soon);
  EXPECT_EQ(stopped.status, 130) << stopped.errors;
  EXPECT_NE(stopped.errors.find("--resume goes on"), std::string::npos) << stopped.errors;
  EXPECT_TRUE(std::filesystem::exists(folder_.path("m.keras.checkpoint")));
  EXPECT_EQ(run({"run", "m.keras", "--length", "10"}).status, 0);
  const ProgramRun other = train({"--resume", "--dropout", "0.2"});
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.errors.find("is of another run"), std::string::npos) << other.errors;
  EXPECT_EQ(train({"--resume", "--dropout", "0.1", "--learning-rate", "0.5"}).status, 1);
  const ProgramRun resumed = train({"--resume", "--epochs", "0.1", "--dropout", "0.1"});
  const ProgramRun anew = train({"--resume", "--dropout", "0.2", "--seed", "1"});
  EXPECT_EQ(anew.status, 0);
  EXPECT_NE(anew.errors.find("nothing to resume"), std::string::npos) << anew.errors;
  EXPECT_EQ(resumed.status, 0) << resumed.errors;
  EXPECT_FALSE(std::filesystem::exists(folder_.path("m.keras.checkpoint")));
}

TEST_F(GenerateCommand, PausesAndGoesOn) { expect_the_same_after_a_pause("m.keras", 3); }

TEST_F(GenerateNetworks, PauseAndGoOn) { expect_the_same_after_a_pause("m.keras", 3, 2); }

TEST_F(GenerateCommand, RefusesCheckpointsOfOlderVersions) {
  expect_old_checkpoint_refused("m.keras");
}

TEST_F(GenerateCommand, SaysWhatIsWrong) {
  const auto error_of = [&](const std::string& file) {
    const ProgramRun run = this->run({"train", file, "-o", "m.keras"});
    EXPECT_EQ(run.status, 1);
    return run.errors;
  };
  EXPECT_EQ(error_of("none.txt"), "error: cannot read none.txt: No such file or directory\n");
  EXPECT_EQ(error_of(file("empty.txt", "")),
            "error: empty.txt is empty\nhint: give a file with text in it\n");
  EXPECT_EQ(error_of(file("latin.txt", "ok\nna\xEFve\n")),
            "error: latin.txt:2: byte 0xef is not UTF-8\nhint: save the file as UTF-8 (it may be "
            "Latin-1)\n");
  EXPECT_EQ(error_of(file("packed.txt", "\x1F\x8B\x08")),
            "error: packed.txt is a packed file, expected text\nhint: unpack it first: gunzip or "
            "unzip\n");
  EXPECT_NE(error_of(file("short.txt", "a few words")).find("too few"), std::string::npos);
  const ProgramRun folder = run({"train", text, "-o", "none/m.keras"});
  EXPECT_EQ(folder.status, 1);
  EXPECT_EQ(run({"train", text}).status, 2);
  EXPECT_EQ(run({"train", text, "-o", "m.keras", "--level", "word"}).status, 2);
}

TEST_F(GenerateCommand, ShowsExamplesFirst) { expect_help({"train", "run", "evaluate"}); }

}  // namespace
}  // namespace chronicler::test
