// The lines of a text one after another, as they come, whatever its size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace chronicler::data {

// Without a byte-order mark and line ends (LF, CRLF or CR).
class TextLines {
 public:
  // Opens the file ("-" is standard input). Of lines longer than `longest` bytes the rest is passed
  // over. Throws Error for a file that cannot be read.
  explicit TextLines(const std::filesystem::path& path,
                     std::size_t longest = std::size_t{1} << 20U);
  ~TextLines();
  TextLines(const TextLines&) = delete;
  TextLines& operator=(const TextLines&) = delete;

  // Reads the next line; false at the end. Throws Error for a file that begins like UTF-16 text or
  // a packed file.
  bool next();
  const std::string& line() const;
  std::int64_t number() const;  // of the line, from 1
  // "pairs.tsv:3"
  std::string place() const;
  // Why the line is no text: too long, or not UTF-8. Empty: it is one.
  const std::string& fault() const;
  // Throws fault(), if there is one, with the place.
  void check() const;

 private:
  struct Source;
  std::unique_ptr<Source> source_;
};

}  // namespace chronicler::data
