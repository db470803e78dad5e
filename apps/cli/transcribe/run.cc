#include "cli/transcribe/run.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/runtime.h"
#include "chronicler/insight/report.h"
#include "chronicler/tasks/transcriber.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/output_file.h"
#include "cli/transcribe/live.h"
#include "cli/transcribe/page.h"
#include "cli/transcribe/scores.h"
#include "cli/transcribe/subtitles.h"

namespace chronicler::cli::transcribe {
namespace {

struct Options {
  std::string model;
  std::vector<std::string> files;
  SearchOptions search;
  bool stream = false;
  int rate = 16'000;
  bool no_timestamps = false;
  bool txt = false;
  bool srt = false;
  bool vtt = false;
  bool json_file = false;
  std::string page;
  int threads = 0;
  bool json = false;
};

void check(const Options& options) {
  const bool writes = options.txt || options.srt || options.vtt || options.json_file;
  if (options.stream) {
    if (!options.files.empty() && options.files != std::vector<std::string>{"-"})
      throw UsageError("--stream reads standard input, and no files", "leave the files out");
    return;
  }
  if (options.files.empty())
    throw UsageError("nothing to transcribe", "give recordings, or --stream for live sound");
  for (const std::string& file : options.files) {
    if (file == "-" && writes)
      throw UsageError("a recording from standard input has no name for other files",
                       "give it as a file, or take what is printed");
  }
  if (!options.page.empty()) check_output_file(options.page);
}

// What stands beside a recording: call.wav.srt, as whisper.cpp names it.
void write_files(const Options& options, const std::string& file,
                 const tasks::Transcript& transcript) {
  const auto write = [&](bool wanted, const char* ending, const std::string& content) {
    if (wanted) write_file_atomically(file + ending, content);
  };
  write(options.txt, ".txt", transcript.text + "\n");
  write(options.srt, ".srt", as_srt(transcript));
  write(options.vtt, ".vtt", as_vtt(transcript));
  write(options.json_file, ".json", as_json(transcript, file));
}

void print(const Options& options, const std::string& file, const tasks::Transcript& transcript) {
  if (options.json) {
    std::cout << as_json(transcript, file) << std::flush;
    return;
  }
  const bool several = options.files.size() > 1;
  if (options.no_timestamps) {
    std::cout << (several ? file + "\t" : std::string()) << transcript.text << std::endl;
    return;
  }
  if (several) std::cout << bold(file, std::cout) << '\n';
  std::cout << as_lines(transcript) << std::flush;
}

void run(const Options& options) {
  check(options);
  if (options.threads != 0) set_threads(options.threads);
  tasks::Transcriber typist = tasks::Transcriber::load(options.model);
  if (options.stream) {
    follow(typist, options.rate, options.json);
    return;
  }
  take_search(typist, options.search);
  insight::Report page("Transcripts");
  std::size_t failed = 0;
  for (const std::string& file : options.files) {
    stop_if_interrupted();
    try {
      const data::Audio audio = data::read_audio(file);
      tasks::Transcript transcript;
      if (options.page.empty()) {
        transcript = typist.run(audio, options.search.task);
      } else {
        const tasks::TranscriptTrace trace = typist.trace(audio, options.search.task);
        add_recording(page, file, trace);
        transcript = trace.transcript;
      }
      print(options, file, transcript);
      write_files(options, file, transcript);
    } catch (const Error& error) {
      // One bad recording of many does not stop the others.
      if (options.files.size() == 1) throw;
      print_error(error.message(), error.hint());
      ++failed;
    }
  }
  if (!options.page.empty()) page.write(options.page);
  if (failed > 0)
    throw Error(
        fmt::format("{} of {} recordings could not be transcribed", failed, options.files.size()));
}

Job describe(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "made by transcribe train")->required();
  app.add_option("FILE", options->files,
                 "recordings: WAV, FLAC, OGG, of any rate (\"-\": one from standard input)");
  auto* stream =
      app.add_flag("--stream", options->stream,
                   "follows raw 16-bit samples from standard input; needs a --streaming model, and "
                   "writes to standard output, by the network alone");
  stream->disable_flag_override();
  app.add_option("--rate", options->rate, "samples a second of --stream (16000)")
      ->type_name("N")
      ->check(whole_number(1000, 200'000))
      ->needs(stream);
  const auto flag = [&](const char* name, bool& value, const char* what) {
    app.add_flag(name, value, what)->disable_flag_override();
  };
  flag("--no-timestamps", options->no_timestamps, "the text alone");
  flag("--output-txt", options->txt, "also writes FILE.txt");
  flag("--output-srt", options->srt, "also writes FILE.srt: subtitles");
  flag("--output-vtt", options->vtt, "also writes FILE.vtt: subtitles for the web");
  flag("--output-json", options->json_file, "also writes FILE.json");
  app.add_option("--page", options->page, "a page with spectra, words and probabilities")
      ->type_name("HTML");
  add_search(app, options->search);
  add_threads(app, options->threads);
  flag("--json", options->json, "a JSON object on a line for each recording, or word of a stream");
  app.get_option("--no-timestamps")->excludes(app.get_option("--json"));
  for (const char* of_recordings :
       {"--no-timestamps", "--output-txt", "--output-srt", "--output-vtt", "--output-json",
        "--page", "--language-model", "--beams"})
    stream->excludes(app.get_option(of_recordings));
  return [options] { run(*options); };
}

}  // namespace

Command run_command() {
  return {
      "run", "transcribes recordings, or live sound",
      "  chronicler transcribe run calls.keras call.wav\n"
      "  chronicler transcribe run calls.keras *.flac --output-srt --page heard.html\n"
      "  arecord -q -t raw -f S16_LE -r 16000 | chronicler transcribe run live.keras --stream\n",
      describe};
}

}  // namespace chronicler::cli::transcribe
