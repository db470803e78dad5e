#include <cctype>
#include <map>
#include <mutex>
#include <string>

#include "chronicler/layers/layer.h"

namespace chronicler {
namespace {

struct NameCounts {
  std::mutex mutex;
  std::map<std::string, int, std::less<>> counts;
};

NameCounts& name_counts() {
  static NameCounts counts;
  return counts;
}

bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

std::string snake_case(std::string_view class_name) {
  // Keras goes by the name in its source, where this one has another than its users know.
  if (class_name == "GroupQueryAttention") return "grouped_query_attention";
  std::string words;
  for (const char c : class_name) {
    if (is_word(c)) words += c;
  }
  // A word begins at a capital that a small letter follows, and at a capital after a small letter.
  std::string snake;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool next_is_lower = i + 1 < words.size() && is_lower(words[i + 1]);
    const bool begins_word =
        is_upper(words[i]) && i > 0 && (next_is_lower || is_lower(words[i - 1]));
    if (begins_word && snake.back() != '_') snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(words[i])));
  }
  return snake;
}

std::string unique_name(std::string_view class_name) {
  const std::string base = snake_case(class_name);
  NameCounts& names = name_counts();
  const std::lock_guard lock(names.mutex);
  const int count = names.counts[base]++;
  return count == 0 ? base : base + "_" + std::to_string(count);
}

void clear_session() {
  NameCounts& names = name_counts();
  const std::lock_guard lock(names.mutex);
  names.counts.clear();
}

}  // namespace chronicler
