#include "base/json.h"

#include <limits>
#include <set>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

constexpr std::size_t deepest = 64;
constexpr std::size_t most_values = 1'000'000;

// Puts the value together as the parser meets its parts, within the limits. Members are found among
// thousands without looking at each.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(std::string_view what) : what_(what) {}

  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }

  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& value) override {
    Open& object = open_.back();
    if (!object.names.insert(value).second)
      throw Error(fmt::format("{} has {} twice in one object", what_, shown(value)));
    object.name = std::move(value);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    throw Error(fmt::format("{} is not JSON that can be read, at byte {}", what_, position));
  }

 private:
  struct Open {
    Json* value;
    std::string name;  // of the member that comes next
    std::set<std::string> names;
  };

  Json* add(Json value) {
    if (++values_ > most_values)
      throw Error(fmt::format("{} has more than {} values", what_, most_values));
    if (open_.empty()) return &(root_ = std::move(value));
    Json& outer = *open_.back().value;
    if (outer.is_array()) {
      outer.push_back(std::move(value));
      return &outer.back();
    }
    auto& members = outer.get_ref<Json::object_t&>();
    members.emplace_back(std::move(open_.back().name), std::move(value));
    return &members.back().second;
  }
  bool put(Json value) {
    add(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (open_.size() == deepest)
      throw Error(fmt::format("{} nests more than {} deep", what_, deepest));
    open_.push_back({add(std::move(value)), {}, {}});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view what_;
  std::size_t values_ = 0;
  Json root_;
  std::vector<Open> open_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  Builder builder(what);
  Json::sax_parse(text, &builder);
  return builder.take();
}

std::string to_text(const Json& json) {
  try {
    return json.dump();
  } catch (const Json::exception&) {
    throw Error("a name or an option holds bytes that are not UTF-8", "give it another");
  }
}

std::string shown(const Json& json) {
  constexpr std::size_t longest = 60;
  std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() <= longest) return text;
  return text.substr(0, longest) + "...";
}

bool JsonPlace::is_off() const {
  return is_null() || (json_->is_boolean() && !json_->get<bool>()) ||
         (json_->is_object() && json_->empty());
}

JsonPlace JsonPlace::operator[](std::string_view member) const {
  if (!is_object()) refuse("an object");
  const auto found = json_->find(std::string(member));
  if (found == json_->end()) throw Error(fmt::format("{} has no \"{}\"", path_, member));
  return {*found, fmt::format("{}.{}", path_, member)};
}

std::optional<JsonPlace> JsonPlace::find(std::string_view member) const {
  if (!is_object()) refuse("an object");
  const auto found = json_->find(std::string(member));
  if (found == json_->end() || found->is_null()) return std::nullopt;
  return JsonPlace(*found, fmt::format("{}.{}", path_, member));
}

std::vector<JsonPlace> JsonPlace::items() const {
  if (!is_list()) refuse("a list");
  std::vector<JsonPlace> places;
  places.reserve(json_->size());
  for (const Json& item : *json_)
    places.emplace_back(item, fmt::format("{}[{}]", path_, places.size()));
  return places;
}

std::vector<std::string> JsonPlace::member_names() const {
  if (!is_object()) refuse("an object");
  std::vector<std::string> names;
  for (const auto& [name, value] : json_->items()) names.push_back(name);
  return names;
}

const std::string& JsonPlace::text() const {
  if (!json_->is_string()) refuse("text");
  return json_->get_ref<const std::string&>();
}

std::int64_t JsonPlace::whole() const {
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool fits = json_->is_number_integer() &&
                    !(json_->is_number_unsigned() && json_->get<std::uint64_t>() > largest);
  if (!fits) refuse("a whole number");
  return json_->get<std::int64_t>();
}

double JsonPlace::number() const {
  if (!json_->is_number()) refuse("a number");
  return json_->get<double>();
}

bool JsonPlace::flag() const {
  if (!json_->is_boolean()) refuse("true or false");
  return json_->get<bool>();
}

void JsonPlace::refuse(std::string_view wanted) const {
  throw Error(fmt::format("{} must be {}, got {}", path_, wanted, shown(*json_)));
}

}  // namespace chronicler
