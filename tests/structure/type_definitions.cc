#include "structure/type_definitions.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <stdexcept>

namespace chronicler::structure {
namespace {

struct Token {
  std::string text;
  int line = 0;
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Words and single signs ("::" is one); comments, literals and directives are left out.
class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  std::vector<Token> tokens() {
    while (at_ < text_.size()) next();
    return std::move(tokens_);
  }

 private:
  bool here(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      starts_line_ = true;
    } else if (std::isspace(static_cast<unsigned char>(text_[at_])) == 0) {
      starts_line_ = false;
    }
    ++at_;
  }
  void skip(std::size_t count) {
    for (std::size_t i = 0; i < count && at_ < text_.size(); ++i) step();
  }
  void skip_past(std::string_view end) {
    while (at_ < text_.size() && !here(end)) step();
    skip(end.size());
  }

  void next() {
    const char c = text_[at_];
    if (here("//")) {
      skip_past("\n");
    } else if (here("/*")) {
      skip_past("*/");
    } else if (c == '#' && starts_line_) {
      skip_directive();
    } else if (here("R\"")) {
      const std::size_t open = text_.find('(', at_);
      const std::string end = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
      skip_past(end);
    } else if (c == '"' || c == '\'') {
      skip_literal(c);
    } else if (is_word(c)) {
      const std::size_t begin = at_;
      // A quote between digits belongs to the number.
      while (at_ < text_.size() && (is_word(text_[at_]) || (text_[at_] == '\'' && is_digit(begin))))
        step();
      tokens_.push_back({std::string(text_.substr(begin, at_ - begin)), line_});
    } else {
      const std::size_t size = here("::") ? 2 : 1;
      if (std::isspace(static_cast<unsigned char>(c)) == 0)
        tokens_.push_back({std::string(text_.substr(at_, size)), line_});
      skip(size);
    }
  }
  bool is_digit(std::size_t place) const {
    return std::isdigit(static_cast<unsigned char>(text_[place])) != 0;
  }
  void skip_directive() {
    while (at_ < text_.size() && text_[at_] != '\n') {
      if (here("\\\n")) step();
      step();
    }
  }
  void skip_literal(char quote) {
    step();
    while (at_ < text_.size() && text_[at_] != quote) skip(text_[at_] == '\\' ? 2 : 1);
    skip(1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool starts_line_ = true;
  std::vector<Token> tokens_;
};

class Reader {
 public:
  explicit Reader(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::vector<TypeDefinition> definitions() {
    while (at_ < tokens_.size()) {
      if (is("namespace")) {
        read_namespace();
      } else if (is("{")) {
        open({{}, false});
      } else if (is("}")) {
        if (scopes_.empty()) throw std::runtime_error("a } too many");
        scopes_.pop_back();
        ++at_;
      } else if (sees_namespace() && (is("class") || is("struct") || is("union") || is("enum"))) {
        read_type();
      } else {
        ++at_;
      }
    }
    if (!scopes_.empty()) throw std::runtime_error("a } is missing");
    return std::move(found_);
  }

 private:
  struct Scope {
    std::string name;
    bool is_named_namespace = false;
  };

  bool is(std::string_view text) const { return at_ < tokens_.size() && tokens_[at_].text == text; }
  bool is_name() const {
    return at_ < tokens_.size() && is_word(tokens_[at_].text[0]) && !is("alignas");
  }
  void open(Scope scope) {
    scopes_.push_back(std::move(scope));
    ++at_;
  }
  bool sees_namespace() const {
    return std::all_of(scopes_.begin(), scopes_.end(),
                       [](const Scope& scope) { return scope.is_named_namespace; });
  }
  std::string qualified_name() {
    std::string name;
    while (is_name() || is("::")) name += tokens_[at_++].text;
    return name;
  }

  void read_namespace() {
    ++at_;
    const std::string name = qualified_name();
    if (is("{")) open({name, !name.empty()});  // else an alias, or `using namespace`
  }

  // After "class": a definition if the name, or its bases, are followed by a brace.
  void read_type() {
    ++at_;
    if (is("class") || is("struct")) ++at_;  // enum class
    while (is("[") || is("alignas")) skip_attribute();
    const int line = at_ < tokens_.size() ? tokens_[at_].line : 0;
    std::string name;
    while (is_name() && !is("final")) {
      name += tokens_[at_++].text;
      if (is("::")) name += tokens_[at_++].text;
      if (is("<")) name += arguments();
      if (is("::")) name += tokens_[at_++].text;
    }
    std::size_t end = at_;
    if (is("final") || is(":")) {
      while (end < tokens_.size() && tokens_[end].text != "{" && tokens_[end].text != ";") ++end;
    }
    if (end >= tokens_.size() || tokens_[end].text != "{" || name.empty()) return;
    at_ = end;
    found_.push_back({scope_name() + name, line});
    open({name, false});
  }
  void skip_attribute() {
    if (is("alignas")) ++at_;
    const std::string close = is("[") ? "]" : ")";
    const std::string begin = is("[") ? "[" : "(";
    int depth = 0;
    do {
      if (is(begin)) ++depth;
      if (is(close)) --depth;
      ++at_;
    } while (depth > 0 && at_ < tokens_.size());
  }
  // Those of a specialization: they belong to the name.
  std::string arguments() {
    std::string text;
    int depth = 0;
    do {
      if (is("<")) ++depth;
      if (is(">")) --depth;
      text += tokens_[at_++].text;
    } while (depth > 0 && at_ < tokens_.size() && !is("{") && !is(";"));
    return text;
  }
  std::string scope_name() const {
    std::string name;
    for (const Scope& scope : scopes_) name += scope.name + "::";
    return name;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::vector<Scope> scopes_;
  std::vector<TypeDefinition> found_;
};

}  // namespace

std::vector<TypeDefinition> types_defined_in(std::string_view text) {
  return Reader(Tokenizer(text).tokens()).definitions();
}

}  // namespace chronicler::structure
