#include "chronicler/data/text_lines.h"

#include <cerrno>
#include <fstream>
#include <iostream>
#include <system_error>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "data/utf8.h"

namespace chronicler::data {

struct TextLines::Source {
  std::string name;
  std::ifstream file;
  std::istream* stream = &file;
  std::size_t longest = 0;
  std::string line;
  std::string fault;
  std::int64_t number = 0;
  bool ended_by_cr = false;
};

namespace {

constexpr std::string_view utf8_hint = "save the file as UTF-8 (it may be Latin-1)";

// What is not UTF-8 in a line; empty: nothing.
std::string utf8_fault(std::string_view line) {
  while (!line.empty()) {
    if (line[0] == '\0') return "a zero byte is no text";
    const std::size_t length = utf8_length(line);
    if (length == 0)
      return fmt::format("byte {:#04x} is not UTF-8", static_cast<unsigned char>(line[0]));
    line.remove_prefix(length);
  }
  return {};
}

}  // namespace

TextLines::TextLines(const std::filesystem::path& path, std::size_t longest)
    : source_(std::make_unique<Source>()) {
  source_->longest = longest;
  source_->name = path == "-" ? "standard input" : path.string();
  if (path == "-") {
    source_->stream = &std::cin;
    return;
  }
  std::error_code reason;
  if (std::filesystem::is_directory(path, reason))
    throw Error(fmt::format("cannot read {}: it is a folder", source_->name), "give a file in it");
  source_->file.open(path, std::ios::binary);
  if (!source_->file) {
    throw Error(
        fmt::format("cannot read {}: {}", source_->name, std::generic_category().message(errno)));
  }
}

TextLines::~TextLines() = default;

bool TextLines::next() {
  Source& source = *source_;
  source.line.clear();
  source.fault.clear();
  std::streambuf& buffer = *source.stream->rdbuf();
  constexpr int end = std::char_traits<char>::eof();
  int c = buffer.sbumpc();
  // Not looked for at once: of a live stream it may be long in coming.
  if (source.ended_by_cr && c == '\n') c = buffer.sbumpc();
  if (c == end) return false;
  bool is_too_long = false;
  for (; c != '\n' && c != '\r' && c != end; c = buffer.sbumpc()) {
    is_too_long = source.line.size() == source.longest;
    if (!is_too_long) source.line += static_cast<char>(c);
  }
  source.ended_by_cr = c == '\r';
  if (++source.number == 1) check_begin(source.line, source.name);
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (source.number == 1 && source.line.starts_with(mark)) source.line.erase(0, mark.size());
  source.fault = is_too_long ? fmt::format("a line of more than {} bytes", source.longest)
                             : utf8_fault(source.line);
  return true;
}

const std::string& TextLines::line() const { return source_->line; }
const std::string& TextLines::fault() const { return source_->fault; }
std::int64_t TextLines::number() const { return source_->number; }

std::string TextLines::place() const {
  return fmt::format("{}:{}", source_->name, source_->number);
}

void TextLines::check() const {
  if (source_->fault.empty()) return;
  throw Error(fmt::format("{}: {}", place(), source_->fault), std::string(utf8_hint));
}

}  // namespace chronicler::data
