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
  std::string hint;  // what to do about it
  std::int64_t number = 0;
  bool ended_by_cr = false;
};

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
  if (source.number == 1 && source.line.starts_with(byte_order_mark))
    source.line.erase(0, byte_order_mark.size());
  source.fault.clear();
  if (is_too_long) {
    source.fault = fmt::format("a line of more than {} bytes", source.longest);
    source.hint = "is this a text file? Break it into lines";
  } else if (const std::optional<TextFault> fault = first_fault(source.line)) {
    source.fault = fault->what;
    source.hint = fault->hint;
  }
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
  throw Error(fmt::format("{}: {}", place(), source_->fault), source_->hint);
}

}  // namespace chronicler::data
