#include "layers/formula/syntax.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/formula/functions.h"

namespace chronicler::formula {
namespace {

constexpr std::size_t longest_formula = 20'000;
constexpr int deepest = 100;  // parentheses within one another
constexpr int highest_power = 8;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Token {
  enum class Kind : unsigned char { number, name, sign, end_of_statement, end };
  Kind kind = Kind::end;
  Place place;
  std::string_view text;
  double number = 0.0;
};

// What people write for a sign that a formula does not have.
struct Foreign {
  std::string_view written;
  std::string_view hint;
};
constexpr std::array<Foreign, 11> foreign_signs{{
    {"\u2299", "write * for the product of each with each"},
    {"\u00b7", "write * for the product of each with each"},
    {"\u00d7", "write * for the product of each with each"},
    {"\u2218", "write * for the product of each with each"},
    {"@", "write a weight before what it multiplies, as in W x"},
    {"\u2212", "write - for minus"},
    {"\u03c3", "write sigmoid(...)"},
    {"[", "names are words, as in W_z, and there are no indices"},
    {".", "a number begins with a digit, a name with a letter"},
    {"'", "names are of letters, digits and underscores"},
    {"\"", "names need no quotation marks"},
}};

class Tokens {
 public:
  explicit Tokens(std::string_view formula) : formula_(formula) {
    while (read_one()) {
    }
    tokens_.push_back({Token::Kind::end_of_statement, {formula.size(), 1}, "end", 0.0});
    tokens_.push_back({Token::Kind::end, {formula.size(), 1}, "end", 0.0});
  }
  std::vector<Token> take() { return std::move(tokens_); }

 private:
  bool read_one() {
    while (at_ < formula_.size() &&
           (formula_[at_] == ' ' || formula_[at_] == '\t' || formula_[at_] == '\r'))
      ++at_;
    if (at_ == formula_.size()) return false;
    const char c = formula_[at_];
    if (c == '#') {
      at_ = std::min(formula_.find('\n', at_), formula_.size());
      return true;
    }
    if (c == '\n') {
      end_line();
      return true;
    }
    if (is_digit(c) || (c == '.' && at_ + 1 < formula_.size() && is_digit(formula_[at_ + 1]))) {
      read_number();
    } else if (is_letter(c)) {
      std::size_t end = at_;
      while (end < formula_.size() && (is_letter(formula_[end]) || is_digit(formula_[end]))) ++end;
      add(Token::Kind::name, end - at_);
    } else if (c == ';') {
      add(Token::Kind::end_of_statement, 1);
    } else if (formula_.substr(at_, 2) == "**") {
      add(Token::Kind::sign, 2);
    } else if (std::string_view("+-*/()=,^").find(c) != std::string_view::npos) {
      if (c == '(') ++open_;
      if (c == ')') --open_;
      add(Token::Kind::sign, 1);
    } else {
      refuse_sign();
    }
    return true;
  }

  // A new line ends a statement, unless there is more to come.
  void end_line() {
    const bool goes_on =
        open_ > 0 || (!tokens_.empty() && tokens_.back().kind == Token::Kind::sign &&
                      tokens_.back().text != ")");
    if (goes_on) {
      ++at_;
    } else {
      add(Token::Kind::end_of_statement, 1);
    }
  }

  void read_number() {
    const char* begin = formula_.data() + at_;
    double number = 0.0;
    const auto [end, error] = std::from_chars(begin, formula_.data() + formula_.size(), number);
    const auto length = static_cast<std::size_t>(end - begin);
    if (error != std::errc() || !std::isfinite(number))
      refuse(formula_, {at_, length}, "a number that is too large or too small for the computer");
    add(Token::Kind::number, length);
    tokens_.back().number = number;
    if (at_ < formula_.size() && (is_letter(formula_[at_]) || formula_[at_] == '.')) {
      refuse(formula_, {at_, 1}, fmt::format("\"{}\" right after a number", formula_[at_]),
             "put a space between a number and a name");
    }
  }

  [[noreturn]] void refuse_sign() const {
    const std::string_view rest = formula_.substr(at_);
    for (const Foreign& each : foreign_signs) {
      if (rest.starts_with(each.written)) {
        refuse(formula_, {at_, each.written.size()},
               fmt::format("\"{}\" is no sign of a formula", each.written), std::string(each.hint));
      }
    }
    std::size_t size = 1;
    while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xC0U) == 0x80U) ++size;
    const bool shows = static_cast<unsigned char>(rest[0]) > ' ' && rest[0] != '\x7f';
    refuse(formula_, {at_, size},
           shows ? fmt::format("\"{}\" is no sign of a formula", rest.substr(0, size))
                 : fmt::format("a byte of value {}", static_cast<unsigned char>(rest[0])),
           "there are names, numbers, + - * / ^ ( ) , = ; and comments after #");
  }

  void add(Token::Kind kind, std::size_t length) {
    tokens_.push_back({kind, {at_, length}, formula_.substr(at_, length), 0.0});
    at_ += length;
  }

  std::string_view formula_;
  std::size_t at_ = 0;
  int open_ = 0;
  std::vector<Token> tokens_;
};

class Parser {
 public:
  explicit Parser(std::string_view formula) : formula_(formula), tokens_(Tokens(formula).take()) {}

  std::vector<Statement> statements() {
    std::vector<Statement> all;
    while (true) {
      while (now().kind == Token::Kind::end_of_statement) ++at_;
      if (now().kind == Token::Kind::end) break;
      all.push_back(statement());
    }
    if (all.empty()) {
      throw Error("the formula has no statement",
                  "write name = expression, as in h = tanh(W x + U h + b)");
    }
    return all;
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  bool is(std::string_view sign) const {
    return now().kind == Token::Kind::sign && now().text == sign;
  }
  std::string shown(const Token& token) const {
    if (token.kind == Token::Kind::end_of_statement || token.kind == Token::Kind::end)
      return "the end of the statement";
    return fmt::format("\"{}\"", token.text);
  }
  [[noreturn]] void refuse_now(const std::string& message, const std::string& hint = {}) const {
    refuse(formula_, now().place, message, hint);
  }
  void expect(std::string_view sign, const std::string& hint) {
    if (!is(sign)) refuse_now(fmt::format("expected \"{}\", got {}", sign, shown(now())), hint);
    ++at_;
  }

  Statement statement() {
    if (now().kind != Token::Kind::name) {
      refuse_now(fmt::format("a statement begins with {}", shown(now())),
                 "write name = expression, as in h = tanh(W x + U h + b)");
    }
    Statement made{std::string(now().text), now().place, {}};
    if (made.name == "x") {
      refuse_now("x is the input and cannot be assigned", "give what is computed another name");
    }
    if (find_function(made.name) != nullptr) {
      refuse_now(fmt::format("{} is a function and cannot be assigned", made.name),
                 "give what is computed another name");
    }
    ++at_;
    expect("=", "write name = expression");
    made.value = sum(0);
    if (now().kind != Token::Kind::end_of_statement) {
      refuse_now(fmt::format("{} does not fit here", shown(now())),
                 is(")")   ? "there is no ( for it"
                 : is("=") ? "a statement ends with ; or the end of its line"
                           : "");
    }
    return made;
  }

  Place from(std::size_t begin) const {
    const Place& last = tokens_[at_ - 1].place;
    return {begin, last.at + last.length - begin};
  }

  Expression sum(int depth) {
    if (depth > deepest) refuse_now("too many parentheses within one another");
    const std::size_t begin = now().place.at;
    Expression first = term(depth);
    if (!is("+") && !is("-")) return first;
    Expression all{Expression::Kind::sum};
    all.parts.push_back(std::move(first));
    all.minus.push_back(false);
    while (is("+") || is("-")) {
      all.minus.push_back(is("-"));
      ++at_;
      all.parts.push_back(term(depth));
    }
    all.place = from(begin);
    return all;
  }

  Expression term(int depth) {
    const std::size_t begin = now().place.at;
    Expression all = chain(depth);
    while (is("*") || is("/")) {
      Expression both{Expression::Kind::product};
      both.is_quotient = is("/");
      const Place sign = now().place;
      ++at_;
      both.parts.push_back(std::move(all));
      both.parts.push_back(chain(depth));
      if (both.is_quotient && both.parts[1].kind == Expression::Kind::chain) {
        refuse(formula_, {sign.at, both.parts[1].place.at + both.parts[1].place.length - sign.at},
               "what is divided by here can be read in two ways", "write a / (b c) or (a / b) c");
      }
      both.place = from(begin);
      all = std::move(both);
    }
    return all;
  }

  bool begins_factor() const {
    return now().kind == Token::Kind::number || now().kind == Token::Kind::name || is("(");
  }

  Expression chain(int depth) {
    const std::size_t begin = now().place.at;
    int minuses = 0;
    for (; is("-") || is("+"); ++at_) minuses += is("-") ? 1 : 0;
    Expression all = factor(depth);
    if (begins_factor()) {
      Expression many{Expression::Kind::chain};
      const std::size_t first = all.place.at;
      many.parts.push_back(std::move(all));
      while (begins_factor()) {
        if (now().kind == Token::Kind::number) {
          refuse_now(fmt::format("the number {} stands after what it multiplies", now().text),
                     "write numbers first, as in 2 h, or put * between");
        }
        many.parts.push_back(factor(depth));
      }
      many.place = from(first);
      all = std::move(many);
    }
    if (minuses % 2 == 0) return all;
    Expression negative{Expression::Kind::negative};
    negative.parts.push_back(std::move(all));
    negative.place = from(begin);
    return negative;
  }

  Expression factor(int depth) {
    const std::size_t begin = now().place.at;
    Expression base = primary(depth);
    if (!is("^") && !is("**")) return base;
    ++at_;
    const bool negative = is("-");
    if (negative) ++at_;
    const double exponent = negative ? -now().number : now().number;
    if (now().kind != Token::Kind::number || exponent != std::floor(exponent) ||
        std::abs(exponent) > highest_power || exponent == 0.0) {
      refuse_now(fmt::format("the exponent {} is not a whole number from 1 to {}, or -1 to -{}",
                             shown(now()), highest_power, highest_power),
                 "sqrt(a) is the square root; exp(p * log(a)) is any other power of an a above 0");
    }
    ++at_;
    Expression power{Expression::Kind::power};
    power.number = exponent;
    power.parts.push_back(std::move(base));
    power.place = from(begin);
    return power;
  }

  Expression primary(int depth) {
    const Token token = now();
    if (token.kind == Token::Kind::number) {
      ++at_;
      Expression number{Expression::Kind::number, token.place};
      number.number = token.number;
      return number;
    }
    if (is("(")) {
      ++at_;
      Expression inside = sum(depth + 1);
      expect(")", "each ( needs its )");
      inside.place = from(token.place.at);
      inside.in_parentheses = true;
      return inside;
    }
    if (token.kind == Token::Kind::name) return name_or_call(depth);
    refuse_now(fmt::format("expected a number, a name or \"(\", got {}", shown(token)));
  }

  Expression name_or_call(int depth) {
    const Token token = now();
    ++at_;
    const Function* function = find_function(token.text);
    const bool touches = is("(") && now().place.at == token.place.at + token.place.length;
    if (function == nullptr && touches) refuse_function(token);
    Expression made{Expression::Kind::name, token.place};
    made.name = token.text;
    if (function == nullptr) return made;
    if (!is("(")) {
      refuse(formula_, token.place, fmt::format("{} is a function", token.text),
             fmt::format("write its argument in parentheses: {}(...)", token.text));
    }
    ++at_;
    made.kind = Expression::Kind::call;
    made.parts.push_back(sum(depth + 1));
    for (; is(","); made.parts.push_back(sum(depth + 1))) ++at_;
    expect(")", "each ( needs its )");
    made.place = from(token.place.at);
    const auto wanted = static_cast<std::size_t>(function->arguments);
    if (made.parts.size() != wanted) {
      refuse(formula_, made.place,
             fmt::format("{} takes {} argument{}, got {}", token.text, wanted,
                         wanted == 1 ? "" : "s", made.parts.size()));
    }
    return made;
  }

  [[noreturn]] void refuse_function(const Token& token) const {
    std::vector<std::string_view> names;
    for (const Function& each : functions()) names.push_back(each.name);
    const std::string product =
        fmt::format("for a product write {} (...), with a space", token.text);
    if (token.text == "softmax" || token.text == "log_softmax" || token.text == "sparsemax") {
      refuse(formula_, token.place,
             fmt::format("{} looks at all units at once; a formula has functions of single numbers",
                         token.text),
             fmt::format("the functions are {}", function_list()));
    }
    const std::vector<std::string> near = nearest_names(token.text, names);
    refuse(formula_, token.place, fmt::format("unknown function \"{}\"", token.text),
           near.empty() ? fmt::format("the functions are {}; {}", function_list(), product)
                        : fmt::format("did you mean \"{}\"? Else, {}", fmt::join(near, "\" or \""),
                                      product));
  }

  std::string_view formula_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Statement> parse(std::string_view formula) {
  if (formula.size() > longest_formula) {
    throw Error(
        fmt::format("the formula has {} bytes, more than {}", formula.size(), longest_formula));
  }
  return Parser(formula).statements();
}

}  // namespace chronicler::formula
