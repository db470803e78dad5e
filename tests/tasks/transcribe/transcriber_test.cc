#include "chronicler/tasks/transcriber.h"

#include <gtest/gtest.h>

#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/layers/layers.h"
#include "support/conformance.h"
#include "support/made_speech.h"
#include "support/temporary_folder.h"
#include "tasks/shared/networks_in_turn.h"

namespace chronicler::tasks {
namespace {

using test::error_of;
using test::spoken;
using test::spoken_at_random;

TranscriberOptions small() {
  TranscriberOptions options;
  options.bands = 16;
  options.filters = 16;
  options.units = 16;
  options.layers = 1;
  options.dropout = 0.0;
  options.batch_size = 4;
  options.learning_rate = 1e-2;
  options.epochs = 30;
  options.augmentation = data::AugmentationOptions{.speed = 0.0, .warp = 0.02, .band_masks = 0};
  return options;
}

const Transcriber& two_ways() {
  static const Transcriber model = Transcriber::train(spoken_at_random(96, 1), small());
  return model;
}

const Transcriber& one_way() {
  static const Transcriber model = [] {
    TranscriberOptions options = small();
    options.streaming = true;
    options.augmentation = data::no_augmentation();
    return Transcriber::train(spoken_at_random(96, 1), options);
  }();
  return model;
}

TEST(Transcriber, LearnsMadeWords) {
  const TranscriberReport& report = two_ways().report();
  EXPECT_EQ(report.options.level, "word");
  EXPECT_EQ(report.labels, 3);
  EXPECT_EQ(report.recordings, 86);
  EXPECT_EQ(report.validation_recordings, 10);
  const TranscriberScore score = two_ways().evaluate(spoken_at_random(40, 9));
  EXPECT_LE(score.words.rate(), 0.05);
  EXPECT_GE(score.usual_word_error, 0.5);
  EXPECT_EQ(score.recordings, 40);
  EXPECT_NEAR(score.accuracy(), static_cast<double>(score.right) / 40.0, 1e-12);
}

TEST(Transcriber, CrossValidatesOnEachRecordingOnce) {
  TranscriberOptions options = small();
  options.epochs = 2;
  const std::vector<data::Recording> recordings = spoken_at_random(31, 1);
  const std::vector<TranscriberScore> folds = Transcriber::cross_validate(recordings, options, 3);
  ASSERT_EQ(folds.size(), 3U);
  EXPECT_EQ(folds[0].recordings + folds[1].recordings + folds[2].recordings, 31);
  EXPECT_EQ(
      test::error_of([&] { Transcriber::cross_validate(spoken_at_random(4, 1), options, 5); }),
      "5 folds need at least as many recordings, got 4: use fewer folds");
}

TEST(Transcriber, SaysWhenWordsAreSpoken) {
  const data::Recording recording = spoken({0, 2}, 77);
  const Transcript found = two_ways().run(recording.audio);
  EXPECT_EQ(found.text, "low high");
  ASSERT_EQ(found.words.size(), 2U);
  EXPECT_LT(found.words[0].end, found.words[1].begin + 1e-9);
  EXPECT_GT(found.words[1].begin, 0.3);
  EXPECT_LE(found.words[1].end, found.seconds);
  EXPECT_GT(found.words[0].probability, 0.3);
}

// Even after a silence longer than any that it was trained on.
TEST(Transcriber, TheFirstWordBeginsWhereItIsSaid) {
  for (const int word : {0, 1, 2}) {
    data::Audio audio = spoken({word, 2 - word}, 77).audio;
    const auto said = std::find_if(audio.samples.begin(), audio.samples.end(),
                                   [](float sample) { return sample > 0.1F; });
    const double at = static_cast<double>(said - audio.samples.begin()) / audio.rate + 0.5;
    audio.samples.insert(audio.samples.begin(), static_cast<std::size_t>(audio.rate / 2), 0.001F);
    const Transcript found = two_ways().run(audio);
    ASSERT_FALSE(found.words.empty());
    EXPECT_NEAR(found.words[0].begin, at, 0.1) << found.text;
  }
}

TEST(Transcriber, AnotherRateIsResampled) {
  data::Audio audio = spoken({1, 0}, 78).audio;
  audio.samples = data::resampled(audio.samples, audio.rate, 44'100);
  audio.rate = 44'100;
  EXPECT_EQ(two_ways().run(audio).text, "middle low");
}

TEST(Transcriber, SameSeedSameModelForAnyThreads) {
  TranscriberOptions options = small();
  options.epochs = 2;
  std::vector<Tensor> weights[2];
  for (const int threads : {1, 2}) {
    const test::ThreadsForNow now(threads);
    weights[threads - 1] =
        Transcriber::train(spoken_at_random(24, 1), options).model().get_weights();
  }
  for (std::size_t i = 0; i < weights[0].size(); ++i)
    EXPECT_TRUE(test::same_bits(weights[0][i], weights[1][i])) << i;
}

// What is said of a recording does not depend on how loud it is, but for a model that follows live
// sound, which does not know its end.
TEST(Transcriber, NormalisesByTheRecording) {
  EXPECT_EQ(two_ways().report().options.normalize, "recording");
  EXPECT_EQ(one_way().report().options.normalize, "training");
  EXPECT_EQ(two_ways().report().options.top_db, 0.0);
  EXPECT_EQ(one_way().report().options.top_db, 0.0);
  data::Audio audio = spoken({1, 2}, 82).audio;
  EXPECT_EQ(two_ways().run(audio).text, "middle high");
  for (float& sample : audio.samples) sample *= 0.05F;
  EXPECT_EQ(two_ways().run(audio).text, "middle high");
}

TEST(Transcriber, AFileHoldsAllOfIt) {
  const test::TemporaryFolder folder;
  const data::Audio audio = spoken({2, 1, 0}, 79).audio;
  for (const char* name : {"m.keras", "m.chronicler"}) {
    two_ways().save(folder.path(name));
    const Transcriber again = Transcriber::load(folder.path(name));
    EXPECT_EQ(again.run(audio).text, two_ways().run(audio).text);
    EXPECT_EQ(again.rate(), test::speech_rate);
    EXPECT_FALSE(again.is_streaming());
  }
}

// Files of before there was top_db hear all silences, as they were trained to.
TEST(Transcriber, AFileSaysWhatIsSilence) {
  TranscriberOptions options = small();
  options.top_db = 30.0;
  options.epochs = 2;
  const Transcriber typist = Transcriber::train(spoken_at_random(16, 1), options);
  const test::TemporaryFolder folder;
  const std::string path = folder.path("m.keras");
  const auto saved_with = [&](const std::string& top_db) {
    typist.save(path);
    const std::shared_ptr<Model> model = load_model(path);
    std::string& settings = model->assets().at("transcriber.json");
    const std::string now = "\"top_db\":30.0,";
    const std::size_t at = settings.find(now);
    ASSERT_NE(at, std::string::npos) << settings;
    settings.replace(at, now.size(), top_db);
    model->save(path);
  };
  saved_with("\"top_db\":-1.0,");
  EXPECT_NE(error_of([&] { Transcriber::load(path); }).find("0 or more"), std::string::npos);
  const data::Audio audio = spoken({1, 2}, 82).audio;
  const auto first_of = [&](const Transcriber& any) {
    return any.trace(audio).probabilities.as<float>()[0];
  };
  saved_with("\"top_db\":30.0,");
  EXPECT_EQ(first_of(Transcriber::load(path)), first_of(typist));
  saved_with("");
  EXPECT_NE(first_of(Transcriber::load(path)), first_of(typist));
}

// Two networks in one model are the two that are trained by themselves, and it answers with the
// mean of their probabilities, live sound too.
TEST(Transcriber, MayHaveSeveralNetworks) {
  const data::Audio audio = spoken({2, 0, 1}, 80).audio;
  const auto rows = [&](const Transcriber& any) { return any.trace(audio).probabilities; };
  for (const bool streaming : {false, true}) {
    TranscriberOptions options = small();
    options.streaming = streaming;
    options.epochs = 8;
    options.validation = spoken_at_random(6, 5);
    const auto trained = [&](std::int64_t networks, std::uint64_t seed) {
      options.networks = networks;
      options.seed = seed;
      return Transcriber::train(spoken_at_random(48, 1), options);
    };
    const Transcriber one = trained(1, 4);
    const Transcriber two = trained(1, network_seed(4, 1));
    const Transcriber both = trained(2, 4);
    EXPECT_EQ(both.report().weights, one.report().weights + two.report().weights);
    EXPECT_DOUBLE_EQ(both.report().epochs, one.report().epochs + two.report().epochs);
    const Tensor a = rows(one);
    const Tensor b = rows(two);
    const Tensor mean = rows(both);
    ASSERT_EQ(mean.shape(), a.shape());
    for (std::int64_t i = 0; i < mean.size(); ++i)
      EXPECT_NEAR(mean.as<float>()[i], 0.5F * (a.as<float>()[i] + b.as<float>()[i]), 1e-6F) << i;

    const test::TemporaryFolder folder;
    const std::vector<data::Recording> others = spoken_at_random(8, 9);
    for (const char* name : {"m.keras", "m.chronicler"}) {
      both.save(folder.path(name));
      const Transcriber again = Transcriber::load(folder.path(name));
      EXPECT_TRUE(test::same_bits(rows(again), mean)) << name;
      EXPECT_EQ(again.evaluate(others).words.edits(), both.evaluate(others).words.edits());
      EXPECT_EQ(again.is_streaming(), streaming);
    }
    if (!streaming) continue;
    TranscriptStream live = both.stream(audio.rate);
    std::string text;
    for (std::size_t at = 0; at < audio.samples.size(); at += 300) {
      text += live.push(std::span(audio.samples)
                            .subspan(at, std::min<std::size_t>(300, audio.samples.size() - at)));
    }
    text += live.finish();
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(text, both.run(audio).text);
  }
}

TEST(Transcriber, SettingsOfAnotherNetworkAreRefused) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("m.keras");
  two_ways().save(path);
  const Assets assets = load_model(path)->assets();
  const auto error_with = [&](const Shape& input, std::int64_t classes) {
    Sequential other({layers::Dense({.units = classes, .input_shape = input})});
    other.assets() = assets;
    other.save(path);
    return error_of([&] { Transcriber::load(path); });
  };
  EXPECT_NE(error_with({16}, 4).find("does not turn frames into steps"), std::string::npos);
  EXPECT_NE(error_with({None, 15}, 4)
                .find("its network has 15 bands and 4 classes, its settings "
                      "16 and 4"),
            std::string::npos);
}

// Live sound gives what the recording gives, whatever the parts.
TEST(Transcriber, AStreamGivesWhatTheRecordingGives) {
  const data::Audio audio = spoken({2, 0, 1}, 80).audio;
  const Transcript whole = one_way().run(audio);
  EXPECT_FALSE(whole.text.empty());
  for (const std::size_t size : {37U, 800U, 100'000U}) {
    TranscriptStream live = one_way().stream(audio.rate);
    std::string text;
    for (std::size_t at = 0; at < audio.samples.size(); at += size) {
      text += live.push(
          std::span(audio.samples).subspan(at, std::min(size, audio.samples.size() - at)));
    }
    text += live.finish();
    EXPECT_EQ(text, whole.text) << size;
    ASSERT_EQ(live.transcript().words.size(), whole.words.size());
    for (std::size_t i = 0; i < whole.words.size(); ++i)
      EXPECT_DOUBLE_EQ(live.transcript().words[i].begin, whole.words[i].begin);
    EXPECT_NEAR(live.transcript().seconds, audio.seconds(), 1e-6);
    EXPECT_LT(live.delay_seconds(), 0.1);
  }
}

// Words, and where they are said, of a sound with zeros, or others that do not change, before,
// behind and within it.
TEST(Transcriber, DigitalSilenceChangesNothing) {
  const data::Audio first = spoken({2, 0}, 80).audio;
  const data::Audio second = spoken({1, 2}, 81).audio;
  const auto with = [&](double seconds, float level) {
    data::Audio audio = first;
    const std::vector<float> silence(static_cast<std::size_t>(seconds * audio.rate), level);
    std::vector<float>& samples = audio.samples;
    samples.insert(samples.end(), silence.begin(), silence.end());
    samples.insert(samples.end(), second.samples.begin(), second.samples.end());
    samples.insert(samples.end(), silence.begin(), silence.end());
    samples.insert(samples.begin(), silence.begin(), silence.end());
    return audio;
  };
  const auto heard_live = [&](const Transcriber& typist, const data::Audio& audio) {
    TranscriptStream live = typist.stream(audio.rate);
    std::string text;
    for (std::size_t at = 0; at < audio.samples.size(); at += 100) {
      text += live.push(std::span(audio.samples)
                            .subspan(at, std::min<std::size_t>(100, audio.samples.size() - at)));
    }
    text += live.finish();
    EXPECT_NEAR(live.transcript().seconds, audio.seconds(), 1e-6);
    return std::pair(text, live.transcript());
  };
  for (const Transcriber* typist : {&two_ways(), &one_way()}) {
    const Transcript plain = typist->run(with(0.0, 0.0F));
    EXPECT_EQ(plain.text, "high low middle high");
    for (const double seconds : {0.2, 0.5, 1.0, 3.0, 40.0}) {
      for (const float level : {0.0F, 0.001F}) {
        const data::Audio audio = with(seconds, level);
        const Transcript found = typist->run(audio);
        EXPECT_EQ(found.text, plain.text) << seconds << ' ' << level;
        ASSERT_EQ(found.words.size(), plain.words.size());
        EXPECT_NEAR(found.words[1].begin, plain.words[1].begin + seconds, 0.2);
        EXPECT_NEAR(found.words[3].begin, plain.words[3].begin + 2.0 * seconds, 0.2);
        EXPECT_NEAR(found.seconds, audio.seconds(), 1e-6);
        if (!typist->is_streaming()) continue;
        const auto [text, live] = heard_live(*typist, audio);
        EXPECT_EQ(text, plain.text) << seconds;
        ASSERT_EQ(live.words.size(), found.words.size());
        for (std::size_t i = 0; i < live.words.size(); ++i)
          EXPECT_DOUBLE_EQ(live.words[i].begin, found.words[i].begin);
      }
    }
    const data::Audio zeros{std::vector<float>(16'000, 0.0F), test::speech_rate};
    EXPECT_EQ(typist->run(zeros).text, "");
    const TranscriptTrace trace = typist->trace(zeros);
    EXPECT_EQ(trace.transcript.text, "");
    EXPECT_GT(trace.probabilities.as<float>()[0], 0.99F);
    if (typist->is_streaming()) {
      EXPECT_EQ(heard_live(*typist, zeros).first, "");
    }
  }
}

// Soft noise before and behind says nothing either, however long it is.
TEST(Transcriber, SoftEndsChangeNothing) {
  const data::Audio plain = spoken({2, 0, 1}, 80).audio;
  const std::string text = two_ways().run(plain).text;
  EXPECT_EQ(text, "high low middle");
  const Random random(3);
  for (const double seconds : {0.3, 1.0, 3.0, 10.0}) {
    std::vector<float> hiss(static_cast<std::size_t>(seconds * plain.rate));
    for (std::size_t i = 0; i < hiss.size(); ++i) hiss[i] = 0.001F * random.uniform(1, i);
    data::Audio audio = plain;
    audio.samples.insert(audio.samples.begin(), hiss.begin(), hiss.end());
    audio.samples.insert(audio.samples.end(), hiss.begin(), hiss.end());
    const Transcript found = two_ways().run(audio);
    EXPECT_EQ(found.text, text) << seconds;
    EXPECT_NEAR(found.seconds, audio.seconds(), 1e-6);
    EXPECT_GT(found.words.front().begin, seconds - 0.05);
  }
}

TEST(Transcriber, TextComesWhileTheSoundGoesOn) {
  const data::Audio audio = spoken({2, 0, 1}, 80).audio;
  TranscriptStream live = one_way().stream(audio.rate);
  const std::string first = live.push(std::span(audio.samples).first(audio.samples.size() / 2));
  EXPECT_FALSE(first.empty());
  EXPECT_LT(first.size(), one_way().run(audio).text.size());
}

TEST(Transcriber, TwoWaysCannotFollow) {
  EXPECT_EQ(error_of([] { two_ways().stream(8000); }),
            "the model hears a recording in both directions and cannot follow live sound: train it "
            "with --streaming (streaming = true)");
}

TEST(Transcriber, BeamsAndLanguage) {
  Transcriber typist = two_ways();
  const data::Audio audio = spoken({0, 2}, 81).audio;
  EXPECT_EQ(typist.run(audio, {.beams = 16}).text, "low high");
  typist.read_language("low middle\nlow middle\nlow middle\n");
  EXPECT_EQ(typist.run(audio, {.language_weight = 0.1}).text, "low high");
  EXPECT_EQ(typist.run(audio, {.language_weight = 50.0, .label_bonus = 0.0}).text, "low middle");
  EXPECT_EQ(error_of([&] { typist.read_language("...\n"); }),
            "the text for the language model has no line to count: give sentences as they are "
            "spoken, one a line");
}

TEST(Transcriber, OneWordEachGivesOneWord) {
  std::vector<data::Recording> recordings;
  for (int i = 0; i < 48; ++i) recordings.push_back(spoken({i % 3}, static_cast<std::uint64_t>(i)));
  TranscriberOptions options = small();
  options.epochs = 8;
  const Transcriber typist = Transcriber::train(std::move(recordings), options);
  const Transcript of_two_samples = typist.run({{0.5F, -0.5F}, 8000});
  ASSERT_EQ(of_two_samples.words.size(), 1U);
  EXPECT_LE(of_two_samples.words[0].end, of_two_samples.seconds);
  EXPECT_TRUE(typist.run({std::vector<float>(8000, 0.0F), 8000}).words.empty());
  EXPECT_EQ(typist.run(spoken({1}, 99).audio).text, "middle");
  EXPECT_EQ(typist.report().options.top_db, 30.0);
  // A linear map of the sound is measured beside it; texts of several words have none.
  ASSERT_TRUE(typist.report().validation.has_value());
  ASSERT_TRUE(typist.report().validation->linear_word_error.has_value());
  EXPECT_LE(*typist.report().validation->linear_word_error, 0.21);
  EXPECT_FALSE(two_ways().report().validation->linear_word_error.has_value());
}

TEST(Transcriber, WritesCharacters) {
  TranscriberOptions options = small();
  options.level = "char";
  options.epochs = 1;
  const Transcriber typist = Transcriber::train(spoken_at_random(16, 1), options);
  EXPECT_EQ(typist.report().labels, 10);  // d e g h i l m o w, and the space
}

// Named, skipped, counted.
TEST(Transcriber, WhatCannotBeLearntIsSkipped) {
  std::vector<data::Recording> recordings = spoken_at_random(20, 1);
  recordings[3].text =
      "low low low low low low low low low low low low low low low low low low "
      "low low low low low low low low low low low low low low";
  recordings[5].text = "...";
  TranscriberOptions options = small();
  options.epochs = 1;
  options.validation_fraction = 0.0;
  data::Recording foreign = spoken({1}, 5);
  foreign.text = "unheard";
  options.validation = {spoken({1}, 4), foreign};
  const Transcriber typist = Transcriber::train(std::move(recordings), options);
  EXPECT_EQ(typist.report().recordings, 18);
  EXPECT_EQ(typist.report().validation_recordings, 1);
  ASSERT_EQ(typist.report().skipped.size(), 3U);
  std::string all;
  for (const std::string& each : typist.report().skipped) all += each + "\n";
  EXPECT_NE(all.find("made 5: its text has a word that the training recordings do not have"),
            std::string::npos);
  EXPECT_NE(all.find("made 1003: its "), std::string::npos) << all;
  EXPECT_NE(all.find("its 32 labels need 63"), std::string::npos) << all;
  EXPECT_NE(all.find("made 1005: its text has no letter and no digit"), std::string::npos);
}

// Stopped and gone on is the same as in one go.
TEST(Transcriber, GoesOnWhereItStopped) {
  const test::TemporaryFolder folder;
  TranscriberOptions options = small();
  options.epochs = 6;
  const auto straight = Transcriber::train(spoken_at_random(32, 1), options);
  options.checkpoint = folder.path("checkpoint");
  options.report_seconds = 0.0;
  options.progress = [](const TaskProgress& progress) { return progress.epochs < 3.3; };
  const auto stopped = Transcriber::train(spoken_at_random(32, 1), options);
  EXPECT_FALSE(stopped.report().finished);
  options.resume = true;
  options.progress = {};
  const auto refusal_with = [&](auto&& change) {
    TranscriberOptions other = options;
    change(other);
    return error_of([&] { Transcriber::train(spoken_at_random(32, 1), other); });
  };
  for (const std::string& refusal :
       {refusal_with([](TranscriberOptions& other) { other.augmentation->gain = 1.0; }),
        refusal_with([](TranscriberOptions& other) { other.top_db = 20.0; }),
        refusal_with([](TranscriberOptions& other) { other.dropout = 0.1; }),
        refusal_with([](TranscriberOptions& other) { other.streaming = true; }),
        refusal_with([](TranscriberOptions& other) { other.level = "char"; }),
        refusal_with([](TranscriberOptions& other) { other.as_written = true; }),
        refusal_with([](TranscriberOptions& other) { other.rate = 4000; }),
        refusal_with([](TranscriberOptions& other) { other.validation = {spoken({1}, 4)}; })}) {
    EXPECT_NE(refusal.find("is of another run"), std::string::npos) << refusal;
  }
  const auto resumed = Transcriber::train(spoken_at_random(32, 1), options);
  EXPECT_TRUE(resumed.report().finished);
  const auto a = straight.model().get_weights();
  const auto b = resumed.model().get_weights();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(test::same_bits(a[i], b[i])) << i;
}

TEST(Transcriber, SaysWhereTrainingBecameNaN) {
  TranscriberOptions options = small();
  options.learning_rate = 1e38;
  const std::string error = error_of([&] { Transcriber::train(spoken_at_random(32, 1), options); });
  EXPECT_TRUE(error.starts_with("training has become NaN at batch ")) << error;
  EXPECT_NE(error.find(" in epoch 1: the loss is "), std::string::npos) << error;
}

TEST(Transcriber, LongRecordingsAreHeardInParts) {
  data::Audio audio{{}, test::speech_rate};
  std::string text;
  for (std::uint64_t i = 0; audio.seconds() < 40.0; ++i) {
    const data::Recording part = spoken({static_cast<int>(i % 3)}, i);
    audio.samples.insert(audio.samples.end(), part.audio.samples.begin(), part.audio.samples.end());
    text += (text.empty() ? "" : " ") + part.text;
  }
  const Transcript found = two_ways().run(audio);
  EXPECT_LE(data::word_error_rate(std::vector{text}, std::vector{found.text}), 0.1);
  EXPECT_GT(found.words.back().begin, 38.0);
}

TEST(Transcriber, RefusesWhatCannotBe) {
  EXPECT_EQ(error_of([] { Transcriber::train(spoken_at_random(2, 1)); }),
            "2 recordings are too few to learn from: give at least 4; some hundred make a good "
            "model");
  TranscriberOptions options = small();
  options.level = "phrase";
  EXPECT_EQ(error_of([&] { Transcriber::train(spoken_at_random(8, 1), options); }),
            "unknown level of Transcriber \"phrase\": choose one of word, char");
  options.level = {};
  options.streaming = true;
  options.normalize = "recording";
  EXPECT_EQ(error_of([&] { Transcriber::train(spoken_at_random(8, 1), options); }),
            "live sound cannot be normalized by its recording, whose end it does not know: leave "
            "normalize out, or give \"training\"");
  options.normalize = {};
  options.top_db = 30.0;
  EXPECT_EQ(error_of([&] { Transcriber::train(spoken_at_random(8, 1), options); }),
            "live sound has no loudest moment yet that silence could be measured by: leave top_db "
            "out, or give 0");
  options.top_db.reset();
  options.normalize = "week";
  EXPECT_EQ(error_of([&] { Transcriber::train(spoken_at_random(8, 1), options); }),
            "unknown normalize of Transcriber \"week\": choose one of recording, training");
  options.normalize = {};
  options.validation_fraction = 0.999;
  EXPECT_EQ(error_of([&] { Transcriber::train(spoken_at_random(8, 1), options); }),
            "all 8 recordings would choose the epoch, and none is left to learn from: a smaller "
            "validation fraction, or more recordings");
  EXPECT_EQ(error_of([] { two_ways().run({}); }), "a recording without samples: record it anew");
}

}  // namespace
}  // namespace chronicler::tasks
