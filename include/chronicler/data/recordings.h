// Recordings and what is said in them, from a list of files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "chronicler/data/audio.h"

namespace chronicler::data {

struct Recording {
  std::string name;  // what messages call it
  Audio audio;
  std::string text;
};

struct RecordingsOptions {
  std::string path = {};  // the column with the files; empty: path, file, filename, audio or wav
  std::string text = {};  // empty: text, transcript, sentence, transcription, word or label
  AudioOptions audio = {};
};

struct Recordings {
  std::vector<Recording> recordings;
  std::vector<std::string> skipped;  // for each row that was skipped, a sentence with its line
};

// A list: TSV, CSV or JSON lines, its first line naming the columns; paths are relative to the
// list's folder. Rows without a text, and those whose recording cannot be read, are skipped.
// Throws Error for a list that cannot be read, has no such columns, or leaves nothing.
Recordings read_recordings(const std::filesystem::path& list,
                           const RecordingsOptions& options = {});

}  // namespace chronicler::data
