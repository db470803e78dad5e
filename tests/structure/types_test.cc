// No type has two definitions: where two files define one name in one namespace, the linker takes
// the members of either for both, and the program crashes far away from the mistake.
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "structure/project_files.h"
#include "structure/type_definitions.h"

namespace chronicler::structure {
namespace {

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  for (const TypeDefinition& type : types_defined_in(text)) names.push_back(type.name);
  return names;
}
using Names = std::vector<std::string>;

TEST(Types, AreFoundWithTheirNamespaces) {
  EXPECT_EQ(names_in("struct A { int x; };  namespace n { class B final : public A { }; }"),
            (Names{"A", "n::B"}));
  EXPECT_EQ(names_in("namespace a::b { enum class E : char { x, y }; union U { int i; }; }"),
            (Names{"a::b::E", "a::b::U"}));
  EXPECT_EQ(names_in("template <class T> struct S { }; template <> struct S<int> { };"),
            (Names{"S", "S<int>"}));
  EXPECT_EQ(names_in("template <class R> struct Cell::Record { }; struct alignas(64) L { };"),
            (Names{"Cell::Record", "L"}));
  EXPECT_EQ(types_defined_in("\n\nstruct A {};")[0].line, 3);
}

TEST(Types, OfNobodyElseAreNotFound) {
  EXPECT_EQ(names_in("namespace n { namespace { struct A { }; } } namespace { class B { }; }"),
            Names{});
  EXPECT_EQ(names_in("void f() { struct A { }; }  struct B { struct Inner { }; };"), Names{"B"});
}

TEST(Types, ThatAreOnlyNamedAreNotFound) {
  EXPECT_EQ(names_in("struct A; class B* f(struct C c) { } template <class T> void g(T) { }"),
            Names{});
  EXPECT_EQ(names_in("// struct A { }\n/* struct B { } */ const char* s = \"struct C {\";"),
            Names{});
  EXPECT_EQ(
      names_in("#define X struct A {\\\n }\nconst auto r = R\"x(struct B {)x\"; int i = 1'0;"),
      Names{});
  EXPECT_EQ(names_in("using namespace n; namespace m = n; char c = '{';"), Names{});
}

TEST(Types, TextsThatDoNotMatchAreNoticed) {
  EXPECT_THROW(names_in("struct A { "), std::runtime_error);
  EXPECT_THROW(names_in("}"), std::runtime_error);
}

// The library's files, and with them those of one program that is linked from `folders`.
std::vector<std::string> program(const std::vector<std::string>& folders) {
  std::vector<std::string> files;
  for (const std::string& folder : folders) {
    for (const std::string& path : files_in(folder, {".h", ".cc"})) files.push_back(path);
  }
  return files;
}

std::vector<std::vector<std::string>> programs() {
  std::vector<std::vector<std::string>> all{program({"include/", "src/", "apps/cli/"})};
  std::set<std::string> folders;
  for (const std::string& path : files_in("tests/", {".cc"})) folders.insert(level_of(path));
  for (const std::string& folder : folders)
    all.push_back(program({"include/", "src/", "tests/support/", "tests/" + folder + "/"}));
  return all;
}

TEST(Types, HaveOneDefinitionEach) {
  std::map<std::string, std::vector<TypeDefinition>> types;  // by path: each file is read once
  std::set<std::string> findings;
  int count = 0;
  for (const std::vector<std::string>& files : programs()) {
    std::map<std::string, std::string> places;
    for (const std::string& path : files) {
      if (!types.contains(path)) {
        try {
          types[path] = types_defined_in(text_of(path));
        } catch (const std::runtime_error& error) {
          findings.insert(path + ": " + error.what());
        }
      }
      for (const TypeDefinition& type : types[path]) {
        ++count;
        const std::string here = place(path, type.line);
        const auto [first, is_new] = places.emplace(type.name, here);
        if (is_new || first->second.starts_with(path + ":")) continue;
        findings.insert(here + ": " + type.name + " is also in " + first->second);
      }
    }
  }
  EXPECT_GT(count, 1000) << "the files were not read";
  expect_none(
      {findings.begin(), findings.end()},
      "Put what one .cc alone needs into an anonymous namespace, or name it after its job.");
}

}  // namespace
}  // namespace chronicler::structure
