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

// "units 64, batch_size 32" of what `identity` has otherwise than `other`.
std::string what_differs(const RunIdentity& identity, const RunIdentity& other) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : identity) {
    const std::string* theirs = value_of(other, name);
    if (theirs == nullptr || *theirs != value) parts.push_back(fmt::format("{} {}", name, value));
  }
  return parts.empty() ? "without these" : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string run_text(const RunIdentity& identity) {
  std::string text;
  for (const auto& [name, value] : identity) text += fmt::format("{}\t{}\n", name, value);
  return text;
}

void expect_same_run(const std::string& path, std::string_view then, const RunIdentity& now) {
  if (then == run_text(now)) return;
  // Tasks had checkpoints of their own, whose run was one line: "units 64, seed 0".
  if (!then.empty() && then.find('\t') == std::string_view::npos) refuse_older_checkpoint(path);
  const RunIdentity before = run_of(then);
  throw CheckpointError(fmt::format("\"{}\" is of another run ({}), this one is {}", path,
                                    what_differs(before, now), what_differs(now, before)),
                        "give the same data and options as then");
}

TensorFile load_checkpoint(const std::string& path) {
  try {
    return load_tensors(path);
  } catch (const Error& error) {
    throw CheckpointError(error.message());
  }
}

void refuse_older_checkpoint(const std::string& path) {
  throw CheckpointError(fmt::format(
      "\"{}\" is a checkpoint of an older Chronicler, which this one cannot go on from", path));
}

}  // namespace chronicler
