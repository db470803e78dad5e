#include "layers/formula/cell_formula.h"

#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "layers/formula/functions.h"
#include "support/conformance.h"
#include "support/source_dir.h"

namespace chronicler::formula {
namespace {

using test::error_of;

std::string weights_of(const std::string& text) {
  std::string shapes;
  for (const Weight& weight : read_formula(text).weights) {
    if (!shapes.empty()) shapes += ", ";
    const std::string width = weight.width == Width::features ? "F" : "U";
    shapes += weight.name + " (" + width + (weight.is_matrix ? ", U)" : ")");
  }
  return shapes;
}

std::string states_of(const std::string& text, const std::vector<std::string>& states = {}) {
  const CellFormula formula = read_formula(text, states);
  std::string names;
  for (const StateName& state : formula.states) names += state.name + " ";
  return names + "-> " + formula.output_name;
}

TEST(CellFormula, FindsTheShapesOfItsWeights) {
  EXPECT_EQ(weights_of("z = sigmoid(W_z x + U_z h + b_z); g = tanh(W x + U h + b); "
                       "h = (1 - z) h + z g"),
            "W_z (F, U), U_z (U, U), b_z (U), W (F, U), U (U, U), b (U)");
  EXPECT_EQ(weights_of("h = tanh(W (s * tanh(x) + d) + p * h)"), "W (F, U), s (F), d (F), p (U)");
  EXPECT_EQ(weights_of("h = z U h + W x; z = V h"), "U (U, U), W (F, U), V (U, U)");
  EXPECT_EQ(weights_of("h = U (V h) + w x"), "U (U, U), V (U, U), w (F, U)");
  EXPECT_EQ(weights_of("h = U V h + w x"), "U (U, U), V (U, U), w (F, U)");
  EXPECT_EQ(weights_of("h = a h + W x"), "a (U, U), W (F, U)");
  EXPECT_EQ(weights_of("h = a * h + W x"), "a (U), W (F, U)");
  EXPECT_EQ(weights_of("h = 2 W x + a * h"), "W (F, U), a (U)");
  EXPECT_EQ(weights_of("h = h + 2 b + W x"), "b (U), W (F, U)");
  EXPECT_EQ(weights_of("h = h + W x^2 - b * a"), "W (F, U), b (U), a (U)");
}

TEST(CellFormula, FindsItsStatesAndItsOutput) {
  EXPECT_EQ(states_of("h = tanh(W x + U h)"), "h -> h");
  EXPECT_EQ(states_of("c = f c + W x; f = 0.5 h; h = tanh(c + U h)"), "h f c -> h");
  EXPECT_EQ(states_of("s = tanh(W x + U s)"), "s -> s");
  EXPECT_EQ(states_of("s = tanh(W x + U s); o = V s"), "s -> o");
  EXPECT_EQ(states_of("h = tanh(W x + U h); y = V h"), "h -> y");
  EXPECT_EQ(states_of("h = tanh(W x + U h + c); c = h", {"c", "h"}), "c h -> h");
}

TEST(CellFormula, ReadsLinesCommentsAndSigns) {
  const std::string text =
      "# a gate\n"
      "z = sigmoid(W x +   # goes on\n"
      "            U h)\n"
      "\n"
      "h = -z h\n"
      "  + 1;\n";
  EXPECT_NE(error_of([&] { read_formula(text); }).find("a statement begins with \"+\""),
            std::string::npos)
      << error_of([&] { read_formula(text); });
  EXPECT_EQ(states_of("# a gate\nz = sigmoid(W x + # on\n U h)\n\n;h = -z h +\n 1.5e-1 W x;;\n"),
            "h -> h");
}

struct Broken {
  const char* formula;
  const char* message;  // a part of it
  const char* marked;   // what the caret is under; null: no place
};

// What is under the carets of a message.
std::string marked_in(const std::string& message) {
  const std::size_t carets = message.rfind('\n');
  const std::size_t line = message.rfind('\n', carets - 1);
  const std::string marks = message.substr(carets + 1);
  // Letters of several bytes count once.
  std::size_t begin = line + 1;
  for (std::size_t left = marks.find('^'); left > 0; --left) {
    do {
      ++begin;
    } while ((static_cast<unsigned char>(message[begin]) & 0xC0U) == 0x80U);
  }
  return message.substr(begin, marks.size() - marks.find('^'));
}

TEST(CellFormula, SaysWhereItIsBroken) {
  const std::vector<Broken> list{
      {"", "the formula has no statement: write name = expression", nullptr},
      {"  # nothing\n", "the formula has no statement", nullptr},
      {"h", "expected \"=\", got the end of the statement", ""},
      {"= x", "a statement begins with \"=\"", "="},
      {"1 = x", "a statement begins with \"1\"", "1"},
      {"h = ", "expected a number, a name or \"(\", got the end of the statement", ""},
      {"h = tanh(W x + U h", "expected \")\", got the end of the statement: each ( needs its )",
       ""},
      {"h = W x + U h)", "\")\" does not fit here: there is no ( for it", ")"},
      {"h = W x + * h", "expected a number, a name or \"(\", got \"*\"", "*"},
      {"h = W x + U h = 3", "\"=\" does not fit here", "="},
      {"h = W @ x", "\"@\" is no sign of a formula: write a weight before what it multiplies", "@"},
      {"h = W x + z \u2299 h", "write * for the product of each with each", nullptr},
      {"h = W[0] x", "\"[\" is no sign of a formula: names are words", "["},
      {"h = W x + h'", "\"'\" is no sign of a formula", "'"},
      {"h = W x + 2h", "\"h\" right after a number: put a space between", "h"},
      {"h = W x + 1e999 h", "too large or too small", "1e999"},
      {"h = W x + h 2", "the number 2 stands after what it multiplies: write numbers first", "2"},
      {"h = tanh W x + U h", "tanh is a function: write its argument in parentheses", "tanh"},
      {"h = sigmod(W x + U h)", "unknown function \"sigmod\": did you mean \"sigmoid\"?", "sigmod"},
      {"h = foo(W x + U h)", "unknown function \"foo\": the functions are abs,", "foo"},
      {"h = W x + U(r h); r = h", "for a product write U (...), with a space", "U"},
      {"h = softmax(W x + U h)", "softmax looks at all units at once", "softmax"},
      {"h = tanh(W x, U h)", "tanh takes 1 argument, got 2", "tanh(W x, U h)"},
      {"h = max(W x + U h)", "max takes 2 arguments, got 1", "max(W x + U h)"},
      {"h = h^0.5 + W x", "the exponent \"0.5\" is not a whole number", "0.5"},
      {"h = h^h + W x", "the exponent \"h\" is not a whole number", "h"},
      {"h = W x / U h", "can be read in two ways: write a / (b c) or (a / b) c", "/ U h"},
      {"h = W x + h / 0", "this divides by 0", "0"},
      {"x = W x", "x is the input and cannot be assigned", "x"},
      {"tanh = W x", "tanh is a function and cannot be assigned", "tanh"},
      {"h = x W + U h", "the weight W stands after what it multiplies: write W before it", "W"},
      {"h = W x + U s", "s is never assigned, so it is a weight: a state must be assigned", "s"},
      {"h = W x + U r h; r = h", "what does the matrix U multiply", "U r h"},
      {"h = W x + U h + W", "W is a row of numbers here, and a matrix before", "W"},
      {"h = W x + U (2)", "the matrix U multiplies a number", "(2)"},
      {"h = W x + h + U (a * b)", "the matrix U multiplies weights alone", "(a * b)"},
      {"z = V x; h = tanh(W x + U h)", "z is assigned but never used: the output is h", "z"},
      {"z = V x; z = h; h = tanh(W x + U z)", "z is assigned here, and again before anything", "z"},
      {"h = tanh(W x)", "the formula has no state", nullptr},
      {"h = tanh(U h)", "x is never used", nullptr},
      {"h = h; y = W x + h", "the state h never changes", "h"},
      {"h = tanh(W x + c); c = 0.5; y = h", "the state c is the same after every step", "c"},
      {"h = tanh(W x + U h); c = 0.9 c + h", "the state c is not used: the output h", "c"},
      {"c = c + W x; h = 2; y = h", "the output y does not depend on the input", "y"},
      {"forget = sigmoid(V x); h = W x + forgt * h + forget", "unknown name \"forgt\"", "forgt"},
  };
  for (const Broken& broken : list) {
    const std::string error = error_of([&] { read_formula(broken.formula); });
    EXPECT_NE(error.find(broken.message), std::string::npos) << broken.formula << "\n" << error;
    if (broken.marked == nullptr) continue;
    EXPECT_EQ(marked_in(error).rfind(broken.marked, 0), 0U)
        << broken.formula << "\n"
        << error << "\n<" << marked_in(error) << ">";
    EXPECT_NE(error.find("of the formula: "), std::string::npos) << error;
  }
}

TEST(CellFormula, SaysWhatIsWrongWithTheStatesThatAreNamed) {
  const std::string text = "h = tanh(W x + U h + z); z = sigmoid(V x)";
  EXPECT_EQ(states_of(text), "h z -> h");
  EXPECT_EQ(error_of([&] { read_formula(text, {"h"}); }),
            "line 1, column 22 of the formula: a cycle: z is read before it is assigned, and is "
            "none of the states h: move the statement that assigns z up, or add z to the states\n"
            "  h = tanh(W x + U h + z); z = sigmoid(V x)\n"
            "                       ^");
  EXPECT_NE(error_of([&] {
              read_formula("h = tanh(W x + U h)", {"h", "c"});
            }).find("the state c is never assigned"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              read_formula("c = W x; h = tanh(c + U h)", {"h", "c"});
            }).find("the state c is never read before it is assigned: it is not used"),
            std::string::npos);
}

TEST(CellFormula, ShowsTheLineAndTheColumn) {
  EXPECT_EQ(error_of([] { read_formula("z = sigmoid(W x)\nh = z tahn(h)\n"); }),
            "line 2, column 7 of the formula: unknown function \"tahn\": did you mean \"tanh\"? "
            "Else, for a product write tahn (...), with a space\n"
            "  h = z tahn(h)\n"
            "        ^^^^");
  // A long line is cut.
  const std::string long_line =
      "h = " + std::string(200, ' ') + "foo(x) + W x" + std::string(200, ' ') + "+ h";
  const std::string error = error_of([&] { read_formula(long_line); });
  EXPECT_EQ(marked_in(error), "foo");
  EXPECT_EQ(error.find(std::string(101, ' ')), std::string::npos);
}

TEST(CellFormula, HasShapesThatFit) {
  const auto build = [](const std::string& text, std::int64_t features) {
    const LayerPtr rnn = layers::RNN({.cell = layers::Cell({.units = 4, .formula = text})});
    const Shape x{2, 3, features};
    rnn->build(std::span(&x, 1));
  };
  const std::string text = "z = sigmoid(W x + U h); h = (1 - z) h + z x";
  build(text, 4);
  const std::string error = error_of([&] { build(text, 5); });
  EXPECT_NE(error.find("a shape that does not fit: x and the units meet here number by number, but "
                       "there are 5 features and 4 units"),
            std::string::npos)
      << error;
  EXPECT_EQ(marked_in(error), "z x") << error;
  EXPECT_NE(error_of([&] {
              build("h = tanh(W x + W h)", 5);
            }).find("the matrix W multiplies both x and the units"),
            std::string::npos);
}

TEST(CellFormula, HasItsFunctionsInTheHeader) {
  std::ifstream file(test::source_dir() / "include/chronicler/layers/cell.h");
  const std::string header(std::istreambuf_iterator<char>(file), {});
  for (const Function& function : functions()) {
    const std::regex word("\\b" + std::string(function.name) + "\\b");
    EXPECT_TRUE(std::regex_search(header, word)) << function.name;
  }
}

TEST(CellFormula, OfAnyLengthIsReadOrRefused) {
  std::string deep = "h = W x + ";
  for (int i = 0; i < 5000; ++i) deep += "(";
  EXPECT_NE(error_of([&] { read_formula(deep); }).find("too many parentheses"), std::string::npos);
  std::string minus = "h = W x + ";
  minus += std::string(10000, '-') + "h";
  EXPECT_EQ(states_of(minus), "h -> h");
  EXPECT_NE(error_of([] { read_formula(std::string(30000, ' ')); }).find("more than 20000"),
            std::string::npos);
  std::string many = "a0 = tanh(W x + U h)";
  for (int i = 1; i < 500; ++i)
    many += "; a" + std::to_string(i) + " = a" + std::to_string(i - 1) + " h + 1";
  EXPECT_EQ(states_of(many + "; h = a499"), "h -> h");
}

}  // namespace
}  // namespace chronicler::formula
