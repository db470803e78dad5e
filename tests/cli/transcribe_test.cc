// chronicler transcribe, on made-up words.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chronicler/tasks/transcriber.h"
#include "cli/program_run.h"
#include "cli/task_command.h"
#include "support/made_speech.h"

namespace chronicler::test {
namespace {

class TranscribeCommand : public TaskCommand {
 protected:
  explicit TranscribeCommand(const std::string& networks = "1")
      : TaskCommand("transcribe", {"list.tsv",    "-o",
                                   "m.keras",     "--units",
                                   "16",          "--layers",
                                   "1",           "--filters",
                                   "16",          "--bands",
                                   "16",          "--dropout",
                                   "0",           "--learning-rate",
                                   "0.01",        "--batch-size",
                                   "4",           "--no-augmentation",
                                   "--streaming", "--threads",
                                   "1",           "--networks",
                                   networks},
                    "30") {
    write_list("list.tsv", spoken_at_random(80, 1));
    write_list("test.tsv", spoken_at_random(10, 2));
  }

  void write_list(const std::string& name, const std::vector<data::Recording>& recordings) {
    std::string rows = "path\ttext\n";
    for (std::size_t i = 0; i < recordings.size(); ++i) {
      const std::string sound = name + "." + std::to_string(i) + ".wav";
      data::write_wav(folder_.path(sound), recordings[i].audio);
      rows += sound + "\t" + recordings[i].text + "\n";
    }
    file(name, rows);
  }
  std::string content(const std::string& name) const {
    std::stringstream all;
    all << std::ifstream(folder_.path(name)).rdbuf();
    return all.str();
  }
  // Raw 16-bit samples through standard input.
  ProgramRun follow(const data::Audio& audio, const std::vector<std::string>& more = {}) const {
    std::string bytes;
    for (const float sample : audio.samples) {
      const auto number = static_cast<std::int16_t>(sample * 32767.0F);
      bytes += static_cast<char>(number & 0xFF);
      bytes += static_cast<char>((number >> 8) & 0xFF);
    }
    file("sound.raw", bytes);
    std::vector<std::string> arguments{"run", "m.keras", "--stream", "--rate",
                                       std::to_string(audio.rate)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments, {.input = "sound.raw"});
  }
};

class TranscribeNetworks : public TranscribeCommand {
 protected:
  TranscribeNetworks() : TranscribeCommand("2") {}
};

TEST_F(TranscribeCommand, MeasuresFoldsFirst) {
  expect_folds("m.keras", {"wer", "cer", "baseline_wer"}, {"--epochs", "1"});
}

TEST_F(TranscribeCommand, EndsAmidFoldsWithAnInterruption) {
  expect_no_model_of_stopped_folds("m.keras");
}

TEST_F(TranscribeCommand, TrainsRunsAndEvaluates) {
  const ProgramRun trained = train({"--test", "test.tsv", "--json", "--quiet"});
  ASSERT_EQ(trained.status, 0) << trained.errors;
  EXPECT_EQ(trained.errors, "");
  const auto results = nlohmann::json::parse(trained.out);
  EXPECT_LE(results["test"]["wer"].get<double>(), 0.1);
  for (const char* key : {"validation", "seconds", "weights", "level", "skipped"})
    EXPECT_TRUE(results.contains(key)) << key;

  const ProgramRun scored = run({"evaluate", "m.keras", "test.tsv", "--json"});
  EXPECT_EQ(scored.status, 0) << scored.errors;
  const auto json = nlohmann::json::parse(scored.out);
  EXPECT_EQ(json["wer"], results["test"]["wer"]);
  for (const char* key : {"cer", "real_time_factor", "accuracy"})
    EXPECT_TRUE(json[key].is_number()) << key;

  const data::Recording said = spoken({0, 2}, 77);
  data::write_wav(folder_.path("said.wav"), said.audio);
  const ProgramRun lines = run({"run", "m.keras", "said.wav", "--output-srt", "--output-vtt",
                                "--output-json", "--output-txt", "--page", "page.html"});
  EXPECT_EQ(lines.status, 0) << lines.errors;
  EXPECT_TRUE(lines.out.starts_with("[00:00:00.")) << lines.out;
  EXPECT_TRUE(lines.out.ends_with("]  low high\n")) << lines.out;
  EXPECT_EQ(content("said.wav.txt"), "low high\n");
  EXPECT_TRUE(content("said.wav.srt").starts_with("1\n00:00:00,")) << content("said.wav.srt");
  EXPECT_TRUE(content("said.wav.vtt").starts_with("WEBVTT\n\n00:00:00."));
  const auto written = nlohmann::json::parse(content("said.wav.json"));
  EXPECT_EQ(written["transcription"][0]["text"], "low high");
  EXPECT_TRUE(written["transcription"][0]["offsets"]["to"].is_number_integer());
  EXPECT_NE(content("page.html").find(">high</text>"), std::string::npos);
  EXPECT_EQ(run({"run", "m.keras", "said.wav", "--no-timestamps"}).out, "low high\n");

  const ProgramRun live = follow(said.audio);
  EXPECT_EQ(live.status, 0) << live.errors;
  EXPECT_EQ(live.out, "low high\n");
  EXPECT_NE(live.errors.find("text follows the sound by "), std::string::npos) << live.errors;
  const ProgramRun words = follow(said.audio, {"--json"});
  std::istringstream stream(words.out);
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(stream, line);) all.push_back(nlohmann::json::parse(line));
  EXPECT_EQ(all.front()["partial"], "low");
  EXPECT_LT(all.front()["heard_seconds"].get<double>(), said.audio.seconds());
  EXPECT_EQ(all.back()["text"], "low high");
}

// What the tables of options list is an option with its help, and a key of the results.
TEST_F(TranscribeCommand, HasEveryFieldOfItsOptions) {
  const std::string help = run({"train", "--help"}).out;
  const ProgramRun trained = train({"--epochs", "1", "--json", "--quiet"});
  ASSERT_EQ(trained.status, 0) << trained.errors;
  const auto results = nlohmann::json::parse(trained.out);
  const auto expect = [&](const FieldInfo& field, const auto& /*value*/) {
    std::string option = "--" + std::string(field.name);
    std::replace(option.begin(), option.end(), '_', '-');
    EXPECT_NE(help.find("\n  " + option + " "), std::string::npos) << option;
    EXPECT_EQ(results.contains(std::string(field.name)), !field.notes.is_of_run) << option;
  };
  const tasks::TranscriberOptions options;
  const data::AugmentationOptions augmentation;
  for_each_field(options, expect);
  for_each_field(augmentation, expect);
  EXPECT_EQ(results["units"], 16);
  EXPECT_EQ(results["top_db"], 0.0);
  EXPECT_EQ(results["noise"], 0.0);
  const ProgramRun both = train({"--noise", "0.3"});
  EXPECT_EQ(both.status, 2);
  EXPECT_EQ(both.errors.substr(0, both.errors.find('\n')),
            "error: --no-augmentation and --noise cannot be given together");
}

TEST_F(TranscribeCommand, PausesAndGoesOn) { expect_the_same_after_a_pause("m.keras", 3); }

TEST_F(TranscribeNetworks, PauseAndGoOn) { expect_the_same_after_a_pause("m.keras", 2, 2); }

TEST_F(TranscribeCommand, RefusesCheckpointsOfOlderVersions) {
  expect_old_checkpoint_refused("m.keras");
}

TEST_F(TranscribeCommand, BadRowsAndFilesAreNamed) {
  file("bad.wav", "no sound at all");
  file("list.tsv", content("list.tsv") + "none.wav\tlow\nbad.wav\thigh\nlist.tsv.0.wav\t\n");
  const ProgramRun trained = train({"--epochs", "1", "--json"});
  ASSERT_EQ(trained.status, 0) << trained.errors;
  EXPECT_EQ(nlohmann::json::parse(trained.out)["skipped"], 3);
  EXPECT_NE(trained.errors.find("skipped: list.tsv:82: cannot read \"none.wav\""),
            std::string::npos)
      << trained.errors;

  const ProgramRun some = run({"run", "m.keras", "list.tsv.0.wav", "bad.wav", "none.wav"});
  EXPECT_EQ(some.status, 1);
  EXPECT_TRUE(some.out.starts_with("list.tsv.0.wav\n")) << some.out;
  EXPECT_NE(some.errors.find("\"bad.wav\" is not a recording that can be read"), std::string::npos);
  EXPECT_NE(some.errors.find("2 of 3 recordings could not be transcribed"), std::string::npos);
  const ProgramRun one = run({"run", "m.keras", "none.wav"});
  EXPECT_EQ(one.status, 1);
  EXPECT_TRUE(one.errors.starts_with("error: cannot read \"none.wav\": No such file"))
      << one.errors;
}

TEST_F(TranscribeCommand, WrongUseIsReportedBeforeTheWork) {
  EXPECT_EQ(run({"run", "m.keras"}).status, 2);
  EXPECT_EQ(run({"run", "m.keras", "a.wav", "--stream"}).status, 2);
  EXPECT_EQ(run({"run", "m.keras", "-", "--output-srt"}).status, 2);
  const ProgramRun none = run({"train", "none.tsv", "-o", "m.keras"});
  EXPECT_EQ(none.status, 1);
  EXPECT_TRUE(none.errors.starts_with("error: cannot read \"none.tsv\"")) << none.errors;
  const ProgramRun foreign = run({"run", "list.tsv", "a.wav"});
  EXPECT_EQ(foreign.status, 1);
}

TEST_F(TranscribeCommand, GoesOnAfterAnInterruption) {
  RunOptions soon;
  soon.interrupt_after = 1.5;
  const ProgramRun stopped = train({"--epochs", "100000"}, soon);
  EXPECT_EQ(stopped.status, 130) << stopped.errors;
  EXPECT_NE(stopped.errors.find("--resume goes on"), std::string::npos) << stopped.errors;
  EXPECT_TRUE(std::filesystem::exists(folder_.path("m.keras.checkpoint")));
  const ProgramRun other = train({"--resume", "--epochs", "2"});
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.errors.find("is of another run (epochs 100000), this one is epochs 2\n"),
            std::string::npos)
      << other.errors;
}

}  // namespace
}  // namespace chronicler::test
