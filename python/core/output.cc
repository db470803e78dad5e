#include "output.h"

#include <iostream>
#include <memory>
#include <optional>
#include <streambuf>
#include <string>

#include "interpreter_lock.h"
#include "python_training.h"
#include "training/callbacks/progress_bar.h"

namespace chronicler::python {
namespace {

// Gives what is written to a function of Python's, when it is flushed.
class PythonOutput final : public std::streambuf {
 public:
  explicit PythonOutput(nb::object write) : write_(std::move(write)) {}

 private:
  int_type overflow(int_type character) override {
    if (character != traits_type::eof()) text_ += traits_type::to_char_type(character);
    return character;
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    text_.append(text, static_cast<std::size_t>(size));
    return size;
  }
  int sync() override {
    if (text_.empty()) return 0;
    const Locked lock;
    const nb::str text(text_.data(), text_.size());
    text_.clear();
    (*write_)(text);
    return 0;
  }

  HeldObject write_;
  std::string text_;
};

std::unique_ptr<PythonOutput>& output() {
  static auto* const held = new std::unique_ptr<PythonOutput>;  // outlives std::cout
  return *held;
}

}  // namespace

void set_output(nb::object write, bool is_notebook) {
  static std::streambuf* const standard = std::cout.rdbuf();
  std::cout.flush();
  if (write.is_none()) {
    std::cout.rdbuf(standard);
    output().reset();
    Display::set_of_output(std::nullopt);
    return;
  }
  auto next = std::make_unique<PythonOutput>(std::move(write));
  std::cout.rdbuf(next.get());
  output() = std::move(next);
  Display::set_of_output(Display{.terminal = is_notebook, .colour = false, .unicode = true});
}

}  // namespace chronicler::python
