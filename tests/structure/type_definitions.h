// Which types a C++ file defines, as far as a linker could mistake them for others of their name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chronicler::structure {

struct TypeDefinition {
  std::string name;  // with its namespaces: "chronicler::Shape"
  int line = 0;
};

// Classes, structs, unions and enumerations that are defined in namespaces with names, in the order
// of the text. What is inside a function, a class or an anonymous namespace is nobody else's.
// Throws std::runtime_error where the braces of the text do not match.
std::vector<TypeDefinition> types_defined_in(std::string_view text);

}  // namespace chronicler::structure
