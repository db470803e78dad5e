#include "training/callbacks/run_identity.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/training/checkpoint_error.h"

namespace chronicler {
namespace {

RunIdentity run_of(std::string_view text) {
  RunIdentity identity;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t tab = std::min(line.find('\t'), line.size());
    identity.emplace_back(line.substr(0, tab), line.substr(std::min(tab + 1, line.size())));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return identity;
}

const std::string* value_of(const RunIdentity& identity, const std::string& name) {
  for (const auto& [own, value] : identity) {
    if (own == name) return &value;
  }
  return nullptr;
}

bool differs(const RunIdentity& identity, const RunIdentity& other, const std::string& name) {
  const std::string* own = value_of(identity, name);
  const std::string* theirs = value_of(other, name);
  return own == nullptr || theirs == nullptr ? own != theirs : *own != *theirs;
}

// "units 64, batch_size 32" of the options that `identity` has otherwise than `other`.
std::string what_differs(const RunIdentity& identity, const RunIdentity& other) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : identity) {
    if (name != data_entry && differs(identity, other, name))
      parts.push_back(fmt::format("{} {}", name, value));
  }
  return parts.empty() ? "without these" : fmt::format("{}", fmt::join(parts, ", "));
}

bool options_differ(const RunIdentity& identity, const RunIdentity& other) {
  return std::any_of(identity.begin(), identity.end(), [&](const auto& entry) {
    return entry.first != data_entry && differs(identity, other, entry.first);
  });
}

}  // namespace

std::string run_text(const RunIdentity& identity) {
  std::string text;
  for (const auto& [name, value] : identity) text += fmt::format("{}\t{}\n", name, value);
  return text;
}

void expect_same_run(const std::string& path, std::string_view then, const RunIdentity& now) {
  if (then == run_text(now)) return;
  const RunIdentity before = run_of(then);
  if (differs(before, now, task_entry)) {
    const std::string* task = value_of(before, task_entry);
    throw CheckpointError(fmt::format("\"{}\" is of the training of another kind of model{}", path,
                                      task == nullptr ? "" : fmt::format(" ({})", *task)),
                          "write the model to another file");
  }
  const std::string data = differs(before, now, data_entry) ? ", on other data" : "";
  const bool has_options = options_differ(before, now) || options_differ(now, before);
  const std::string options = has_options
                                  ? fmt::format(" ({}), this one is {}", what_differs(before, now),
                                                what_differs(now, before))
                                  : "";
  throw CheckpointError(fmt::format("\"{}\" is of another run{}{}", path, data, options),
                        "give the same data and options as then");
}

TensorFile load_checkpoint(const std::string& path) {
  try {
    return load_tensors(path);
  } catch (const Error& error) {
    throw CheckpointError(error.message());
  }
}

}  // namespace chronicler
