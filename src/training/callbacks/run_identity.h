// What must be the same when an interrupted run goes on, as checkpoints keep it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/tensor_file.h"

namespace chronicler {

// Names and values: {"units", "64"}.
using RunIdentity = std::vector<std::pair<std::string, std::string>>;

// Entries of a task's run: which task it is, and a hash of its data. Errors say that these differ,
// not what they are.
inline constexpr const char* task_entry = "task";
inline constexpr const char* data_entry = "data";

// A line for each entry; a name has no tab.
std::string run_text(const RunIdentity& identity);

// Throws CheckpointError, with what differs, unless the file at `path`, which keeps the text
// `then`, is of this run.
void expect_same_run(const std::string& path, std::string_view then, const RunIdentity& now);

// Throws CheckpointError for a file that is damaged, or that an older version wrote.
TensorFile load_checkpoint(const std::string& path);

}  // namespace chronicler
