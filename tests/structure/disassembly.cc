#include "structure/disassembly.h"

#include <algorithm>
#include <cstddef>
#include <regex>
#include <unordered_map>
#include <utility>

namespace chronicler::structure {
namespace {

struct Instruction {
  std::string address;
  std::string text;
};

struct Function {
  std::string name;
  std::vector<Instruction> instructions;
};

using Loop = std::pair<std::size_t, std::size_t>;  // first and last instruction

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// Where a jump goes: "jne    2f40 <name+0x1>" to "2f40".
std::string target_of(const std::string& text) {
  if (text.empty() || text.front() != 'j') return {};
  const std::size_t begin = text.find_first_not_of(' ', text.find(' '));
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find(' ', begin) - begin);
}

std::vector<Loop> innermost_loops(const Function& function) {
  std::unordered_map<std::string, std::size_t> places;
  std::vector<Loop> loops;
  for (std::size_t i = 0; i < function.instructions.size(); ++i) {
    places.emplace(function.instructions[i].address, i);
    const auto target = places.find(target_of(function.instructions[i].text));
    if (target != places.end()) loops.emplace_back(target->second, i);  // backwards
  }
  std::vector<Loop> innermost;
  for (const Loop& loop : loops) {
    const bool has_inner = std::any_of(loops.begin(), loops.end(), [&](const Loop& other) {
      return other != loop && other.first >= loop.first && other.second <= loop.second;
    });
    if (!has_inner) innermost.push_back(loop);
  }
  return innermost;
}

// A place in the frame: the stack pointer, or the frame pointer where the function sets one, plus a
// constant. With an index it is an array of the source's own.
bool is_in_frame(const std::string& text, bool has_frame_pointer) {
  return contains(text, "(%rsp)") || (has_frame_pointer && contains(text, "(%rbp)"));
}

bool has_vector(const std::string& text) {
  return contains(text, "%xmm") || contains(text, "%ymm") || contains(text, "%zmm");
}

// What is in no loop over k: a division is an activation's, and past a return, a call or a jump
// elsewhere what follows is other code that only lies there.
bool is_of_other_code(const std::string& text) {
  return text.starts_with("vdiv") || text.starts_with("vsqrt") || text.starts_with("call") ||
         text.starts_with("ret") || text.starts_with("jmp");
}

ProductLoop describe(const Function& function, const Loop& loop, bool has_frame_pointer,
                     bool& is_product) {
  ProductLoop found;
  found.function = function.name;
  found.address = function.instructions[loop.first].address;
  int in_frame = 0;
  int broadcasts = 0;
  bool is_one_piece = true;
  for (std::size_t i = loop.first; i <= loop.second; ++i) {
    const std::string& text = function.instructions[i].text;
    ++found.instructions;
    if (text.starts_with("vfmadd") && contains(text, "ps ")) ++found.multiply_adds;
    if (text.starts_with("vbroadcastss") || contains(text, "{1to")) ++broadcasts;
    if (contains(text, "%zmm")) found.is_wide = true;
    if (i < loop.second && is_of_other_code(text)) is_one_piece = false;
    if (!is_in_frame(text, has_frame_pointer)) continue;
    ++in_frame;
    if (has_vector(text)) found.stack_accesses.push_back(text);
  }
  is_product =
      is_one_piece && broadcasts > 0 && found.multiply_adds * 5 >= found.instructions - in_frame;
  return found;
}

void add_loops(const Function& function, std::vector<ProductLoop>& loops) {
  const bool has_frame_pointer = std::any_of(
      function.instructions.begin(), function.instructions.end(), [](const Instruction& each) {
        return each.text.starts_with("mov ") && contains(each.text, "%rsp,%rbp");
      });
  for (const Loop& loop : innermost_loops(function)) {
    bool is_product = false;
    ProductLoop found = describe(function, loop, has_frame_pointer, is_product);
    if (is_product) loops.push_back(std::move(found));
  }
}

}  // namespace

std::vector<ProductLoop> product_loops(std::istream& disassembly) {
  std::vector<ProductLoop> loops;
  Function function;
  std::string line;
  while (std::getline(disassembly, line)) {
    if (line.ends_with(">:")) {  // 0000000000000100 <name>:
      add_loops(function, loops);
      const std::size_t begin = line.find('<') + 1;
      function = {line.substr(begin, line.size() - begin - 2), {}};
      continue;
    }
    const std::size_t colon = line.find(":\t");  // "   100:", a tab, the instruction
    const std::size_t begin = line.find_first_not_of(' ');
    if (colon == std::string::npos || begin >= colon) continue;
    function.instructions.push_back({line.substr(begin, colon - begin), line.substr(colon + 2)});
  }
  add_loops(function, loops);
  return loops;
}

}  // namespace chronicler::structure
