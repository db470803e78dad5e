// A formula as it is written: statements, and their expressions as trees.
//
//   formula    = { statement ( ";" | new line ) }        # ... is a comment
//   statement  = name "=" sum
//   sum        = term { ( "+" | "-" ) term }
//   term       = chain { ( "*" | "/" ) chain }
//   chain      = [ "-" ] factor { factor }               side by side: a product
//   factor     = primary [ "^" whole number ]
//   primary    = number | name | name "(" sum { "," sum } ")" | "(" sum ")"
//
// A name that is followed at once by "(" is a function; with a space between them it is a product.
// A new line inside parentheses, or after an operator, does not end a statement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "layers/formula/text_error.h"

namespace chronicler::formula {

struct Expression {
  enum class Kind : unsigned char {
    number,
    name,
    call,      // parts: the arguments
    negative,  // parts: one
    sum,       // parts with `minus` or without
    product,   // parts[0] * or / parts[1]
    chain,     // parts side by side
    power,     // parts: one; `number`: the exponent
  };
  Kind kind = Kind::number;
  Place place;
  double number = 0.0;
  std::string name = {};         // also of a call
  bool is_quotient = false;      // of a product
  bool in_parentheses = false;   // written so
  std::vector<bool> minus = {};  // of a sum
  std::vector<Expression> parts = {};
};

struct Statement {
  std::string name;
  Place place;  // of the name
  Expression value;
};

// Throws Error, with the place, for a text that is no formula.
std::vector<Statement> parse(std::string_view formula);

}  // namespace chronicler::formula
