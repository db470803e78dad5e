// JSON from files that anybody may have made: parsed within limits, read with a place for messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace chronicler {

using Json = nlohmann::ordered_json;  // members stay in the order of the file

// Throws Error, `what` being the word for the text, unless it is JSON of at most a million values
// that nest at most 64 deep, with no member named twice in one object.
Json parse_json(std::string_view text, std::string_view what);
// As one line. Throws Error for text that is not UTF-8 and numbers that JSON does not have.
std::string to_text(const Json& json);
// A short rendering for messages.
std::string shown(const Json& json);

// A borrowed JSON value and the way to it. What it is not is an Error that names the way.
class JsonPlace {
 public:
  JsonPlace(const Json& json, std::string path) : json_(&json), path_(std::move(path)) {}

  const Json& json() const { return *json_; }
  const std::string& path() const { return path_; }
  bool is_null() const { return json_->is_null(); }
  bool is_text() const { return json_->is_string(); }
  bool is_object() const { return json_->is_object(); }
  bool is_list() const { return json_->is_array(); }
  // Null, false and an object without members: an option that is switched off.
  bool is_off() const;

  JsonPlace operator[](std::string_view member) const;
  // Empty if there is no such member, or if it is null.
  std::optional<JsonPlace> find(std::string_view member) const;
  std::vector<JsonPlace> items() const;
  std::vector<std::string> member_names() const;

  const std::string& text() const;
  std::int64_t whole() const;
  double number() const;
  bool flag() const;

  // Throws Error: `PATH must be WANTED, got VALUE`.
  [[noreturn]] void refuse(std::string_view wanted) const;

 private:
  const Json* json_;
  std::string path_;
};

}  // namespace chronicler
