#include "chronicler/data/pieces.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/data/plain_text.h"
#include "data/subwords.h"
#include "data/utf8.h"

namespace chronicler::data {
namespace {

// The first line of bytes().
constexpr std::string_view characters_mark = "characters\n";
constexpr std::string_view subwords_mark = "subwords\n";
constexpr std::int64_t most_ids = std::numeric_limits<Pieces::Id>::max();

template <class Function>
void for_characters(std::string_view text, const Function& function) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text.substr(i)), 1);
    function(text.substr(i, length));
    i += length;
  }
}

}  // namespace

struct Pieces::Content {
  std::vector<std::string> characters;  // by id; the first is empty
  std::unordered_map<std::string_view, Id> ids;
  std::unique_ptr<Subwords> subwords;  // instead
  std::u32string unplain;              // characters

  static std::shared_ptr<const Content> of_characters(std::vector<std::string> characters) {
    auto content = std::make_shared<Content>();
    content->characters = std::move(characters);
    std::string all;
    for (std::size_t i = 1; i < content->characters.size(); ++i) {
      content->ids.emplace(content->characters[i], static_cast<Id>(i));
      all += content->characters[i];
    }
    content->unplain = unplain_characters(all);
    return content;
  }

  static std::shared_ptr<const Content> of_subwords(std::unique_ptr<Subwords> subwords) {
    auto content = std::make_shared<Content>();
    content->subwords = std::move(subwords);
    std::string all;
    for (std::int64_t i = 0; i < content->subwords->size(); ++i) {
      const auto id = static_cast<Id>(i);
      all += content->subwords->text(std::span(&id, 1)) + ' ';
    }
    content->unplain = unplain_characters(all);
    return content;
  }
};

Pieces Pieces::characters(std::string_view text, std::int64_t most) {
  std::unordered_map<std::string_view, std::int64_t> counts;
  for_characters(text, [&](std::string_view character) { ++counts[character]; });
  if (counts.empty()) throw Error("a text without characters has no vocabulary", "give a text");
  std::vector<std::pair<std::string_view, std::int64_t>> kept(counts.begin(), counts.end());
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  const auto limit = static_cast<std::size_t>(std::min(most, most_ids - 1));
  if (kept.size() > limit) kept.resize(limit);
  std::vector<std::string> characters{""};
  for (const auto& [character, count] : kept) characters.emplace_back(character);
  std::sort(characters.begin(), characters.end());
  return Pieces(Content::of_characters(std::move(characters)));
}

Pieces Pieces::subwords(std::string_view text, std::int64_t count) {
  return Pieces(Content::of_subwords(Subwords::learn(text, std::min(count, most_ids))));
}

std::string Pieces::bytes() const {
  if (content_->subwords) return std::string(subwords_mark) + content_->subwords->bytes();
  std::string all(characters_mark);
  for (const std::string& character : content_->characters) all += character;
  return all;
}

Pieces Pieces::from_bytes(std::string_view bytes) {
  if (bytes.starts_with(subwords_mark)) {
    return Pieces(Content::of_subwords(Subwords::from_bytes(bytes.substr(subwords_mark.size()))));
  }
  if (!bytes.starts_with(characters_mark))
    throw Error("the model's vocabulary is neither of characters nor of sub-words",
                "use another copy of the model");
  bytes.remove_prefix(characters_mark.size());
  check_utf8(bytes, "the model's vocabulary");
  std::vector<std::string> characters{""};
  for_characters(bytes, [&](std::string_view character) { characters.emplace_back(character); });
  if (characters.size() > static_cast<std::size_t>(most_ids))
    throw Error("the model's vocabulary has too many characters", "use another copy of the model");
  return Pieces(Content::of_characters(std::move(characters)));
}

std::u32string_view Pieces::unplain() const { return content_->unplain; }

bool Pieces::are_characters() const { return content_->subwords == nullptr; }

std::int64_t Pieces::size() const {
  return content_->subwords ? content_->subwords->size()
                            : static_cast<std::int64_t>(content_->characters.size());
}

std::vector<Pieces::Id> Pieces::ids(std::string_view text) const {
  if (content_->subwords) return content_->subwords->ids(text);
  std::vector<Id> ids;
  ids.reserve(text.size());
  for_characters(text, [&](std::string_view character) {
    const auto found = content_->ids.find(character);
    ids.push_back(found == content_->ids.end() ? Id{0} : found->second);
  });
  return ids;
}

std::string Pieces::text(std::span<const Id> ids) const {
  if (content_->subwords) return content_->subwords->text(ids);
  std::string text;
  for (const Id id : ids) {
    if (id < content_->characters.size()) text += content_->characters[id];
  }
  return text;
}

}  // namespace chronicler::data
