#include "data/subwords.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"

#if CHRONICLER_HAVE_SENTENCEPIECE
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <unordered_map>
#endif

namespace chronicler::data {

#if CHRONICLER_HAVE_SENTENCEPIECE
namespace {

constexpr Subwords::Id newline = 1;
// SentencePiece's word for a space.
constexpr std::string_view space_mark = "\xE2\x96\x81";

// Lines of a text, without their ends; of a long text every n-th, which teach the same at a
// fraction of the memory.
class Lines final : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(std::string_view text) : rest_(text), every_(1 + text.size() / enough) { Next(); }
  bool done() const override { return done_; }
  void Next() override {
    done_ = rest_.empty();
    if (done_) return;
    line_ = take();
    for (std::size_t i = 1; i < every_ && !rest_.empty(); ++i) take();
  }
  const std::string& value() const override { return line_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  static constexpr std::size_t enough = 50'000'000;

  std::string_view take() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line;
  }

  std::string_view rest_;
  std::size_t every_;
  std::string line_;
  bool done_ = false;
};

[[noreturn]] void refuse(std::string_view what, const sentencepiece::util::Status& status,
                         std::string_view hint) {
  std::string reason = status.ToString();
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  throw Error(fmt::format("{}: {}", what, reason), std::string(hint));
}

// SentencePiece's usual reasons in the user's words.
[[noreturn]] void refuse_to_learn(std::int64_t count, const sentencepiece::util::Status& status) {
  const std::string reason = status.ToString();
  const std::string what = fmt::format("no {} sub-words can be learnt from this text", count);
  const std::size_t versus = reason.find(" vs ");
  if (reason.find("required_chars") != std::string::npos && versus != std::string::npos) {
    const std::string needed = reason.substr(versus + 4, reason.find('.', versus) - versus - 4);
    throw Error(fmt::format("{}: its characters and the bytes need {}", what, needed),
                "ask for more, or for characters");
  }
  if (reason.find("sentences_.empty") != std::string::npos)
    throw Error(what + ": it has no words", "give a text with words in it");
  refuse(what, status, "ask for another number of them, or for characters");
}

class SentencePieces final : public Subwords {
 public:
  explicit SentencePieces(std::string_view bytes) {
    const auto status =
        processor_.LoadFromSerializedProto(absl::string_view(bytes.data(), bytes.size()));
    if (!status.ok())
      refuse("the model's sub-words cannot be read", status, "use another copy of the model");
    if (processor_.unk_id() != 0 || processor_.eos_id() != newline)
      throw Error("the model's sub-words are not Chronicler's", "use another copy of the model");
    for (int id = 0; id < processor_.GetPieceSize(); ++id) pieces_.push_back(written(id));
  }

  std::string bytes() const override { return processor_.serialized_model_proto(); }
  std::int64_t size() const override { return processor_.GetPieceSize(); }

  std::vector<Id> ids(std::string_view text) const override {
    std::vector<Id> all;
    std::vector<int> line_ids;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (end > 0) {
        const auto status = processor_.Encode(absl::string_view(text.data(), end), &line_ids);
        if (!status.ok()) refuse("the text cannot be cut into sub-words", status, "");
        for (const int id : line_ids) all.push_back(static_cast<Id>(id));
      }
      if (end == text.size()) break;
      all.push_back(newline);
      text.remove_prefix(end + 1);
    }
    return all;
  }

  std::string text(std::span<const Id> ids) const override {
    std::string text;
    for (const Id id : ids) {
      if (id < pieces_.size()) text += pieces_[id];
    }
    return text;
  }

 private:
  // What a piece stands for in a text.
  std::string written(int id) const {
    if (id == newline) return "\n";
    if (processor_.IsControl(id) || processor_.IsUnknown(id)) return {};
    std::string piece = processor_.IdToPiece(id);
    if (processor_.IsByte(id))  // <0x0A>
      return {static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16))};
    for (std::size_t at = 0; (at = piece.find(space_mark, at)) != std::string::npos; ++at)
      piece.replace(at, space_mark.size(), " ");
    return piece;
  }

  sentencepiece::SentencePieceProcessor processor_;
  std::vector<std::string> pieces_;
};

}  // namespace

std::unique_ptr<Subwords> Subwords::learn(std::string_view text, std::int64_t count) {
  const std::unordered_map<std::string, std::string> options{
      {"model_type", "bpe"},
      {"vocab_size", fmt::to_string(count)},
      {"hard_vocab_limit", "false"},
      {"character_coverage", "0.9995"},
      {"byte_fallback", "true"},
      {"normalization_rule_name", "identity"},
      {"add_dummy_prefix", "false"},
      {"remove_extra_whitespaces", "false"},
      {"unk_id", "0"},
      {"eos_id", "1"},
      {"bos_id", "-1"},
      {"pad_id", "-1"},
      {"max_sentence_length", "100000000"},
      {"num_threads", "1"},
      {"minloglevel", "3"},
  };
  Lines lines(text);
  std::string bytes;
  const auto status = sentencepiece::SentencePieceTrainer::Train(options, &lines, &bytes);
  if (!status.ok()) refuse_to_learn(count, status);
  return from_bytes(bytes);
}

std::unique_ptr<Subwords> Subwords::from_bytes(std::string_view bytes) {
  return std::make_unique<SentencePieces>(bytes);
}

#else

namespace {

[[noreturn]] void refuse() {
  throw Error("this build of Chronicler has no sub-words",
              "install libsentencepiece-dev and build again, or use characters");
}

}  // namespace

std::unique_ptr<Subwords> Subwords::learn(std::string_view /*text*/, std::int64_t /*count*/) {
  refuse();
}
std::unique_ptr<Subwords> Subwords::from_bytes(std::string_view /*bytes*/) { refuse(); }

#endif

}  // namespace chronicler::data
