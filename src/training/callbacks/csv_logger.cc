#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/training/callbacks.h"

namespace chronicler {
namespace {

// As Python writes a float: the shortest text that reads back the same, 1.0 and not 1.
std::string number_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

class CsvLoggerCallback final : public Callback {
 public:
  explicit CsvLoggerCallback(const callbacks::CSVLoggerOptions& options) : options_(options) {
    if (options.filename.empty()) throw Error("CSVLogger needs a filename");
    if (options.separator.size() != 1) {
      throw Error(fmt::format("the separator of CSVLogger must be one character, got \"{}\"",
                              options.separator));
    }
  }

  // What was there before is there until there is something new: a run that goes on needs it.
  void on_train_begin(Logs&) override {
    start_over_ = !options_.append;
    needs_header_ = start_over_ || is_missing_or_empty();
    keys_.clear();
    open();
  }

  void on_epoch_end(std::int64_t epoch, Logs& logs) override {
    if (std::exchange(start_over_, false)) cut_to(0);
    if (keys_.empty()) choose_keys(logs);
    std::string text;
    if (std::exchange(needs_header_, false)) {
      text += "epoch";
      for (const std::string& key : keys_) text += options_.separator + field(key);
      text += "\r\n";
    }
    text += fmt::to_string(epoch);
    for (const std::string& key : keys_) {
      const auto found = logs.find(key);
      const std::string value = found == logs.end() ? "NA" : number_text(found->second);
      text += options_.separator + field(value);
    }
    file_ << text << "\r\n" << std::flush;  // the file is whole after each epoch
    check();
  }

  void on_train_end(Logs&) override {
    if (std::exchange(start_over_, false)) cut_to(0);
    file_.close();
  }

  CallbackState state() const override {
    CallbackState state;
    if (start_over_) return state;
    state.numbers["size"] = static_cast<double>(std::filesystem::file_size(options_.filename));
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      state.numbers["key " + keys_[i]] = static_cast<double>(i);
    }
    return state;
  }
  // Lines that were written after the checkpoint will be written again.
  void set_state(const CallbackState& state) override {
    if (!state.number("size")) return;
    start_over_ = false;
    needs_header_ = false;
    cut_to(state.whole("size"));
    keys_.clear();
    for (const auto& [name, place] : state.numbers) {
      if (!name.starts_with("key ")) continue;
      const auto index = static_cast<std::size_t>(place);
      if (keys_.size() <= index) keys_.resize(index + 1);
      keys_[index] = name.substr(4);
    }
  }

 private:
  void open() {
    file_.close();
    file_.clear();
    file_.open(options_.filename, std::ios::binary | std::ios::app);
    check();
  }

  void cut_to(std::int64_t size) {
    file_.close();
    std::error_code error;
    std::filesystem::resize_file(options_.filename, static_cast<std::uintmax_t>(size), error);
    if (error) file_.setstate(std::ios::failbit);
    check();
    open();
  }

  bool is_missing_or_empty() const {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(options_.filename, error);
    return error || size == 0;
  }

  // The first epoch decides. If it was not validated, later ones may be.
  void choose_keys(const Logs& logs) {
    bool validated = false;
    for (const auto& [key, value] : logs) {
      keys_.push_back(key);
      validated = validated || key.starts_with("val_");
    }
    if (validated) return;
    for (const auto& [key, value] : logs) keys_.push_back("val_" + key);
  }

  std::string field(const std::string& text) const {
    if (text.find_first_of(options_.separator + "\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
  }

  void check() const {
    if (file_) return;
    throw Error(fmt::format("{} cannot be written", options_.filename),
                "look at its folder, its permissions and the space that is left");
  }

  callbacks::CSVLoggerOptions options_;
  std::ofstream file_;
  std::vector<std::string> keys_;
  bool needs_header_ = true;
  bool start_over_ = true;
};

}  // namespace

CallbackPtr callbacks::CSVLogger(const CSVLoggerOptions& options) {
  return std::make_shared<CsvLoggerCallback>(options);
}

}  // namespace chronicler
