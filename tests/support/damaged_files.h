// Files as they were written, but for a bit, or for their end.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace chronicler::test {

void write_bytes(const std::string& path, const std::string& bytes);

// Calls `look` with the file at `path` damaged: a bit flipped in every `step`-th byte, one bit
// after the other; cut off at as many places; and with a byte more. Then the file is whole again.
void for_each_damage(const std::string& path, std::size_t step,
                     const std::function<void(const std::string& what)>& look);
// `read` throws Error whatever the damage, and nothing while the file is whole.
void expect_refused_where_damaged(const std::string& path, std::size_t step,
                                  const std::function<void()>& read);

}  // namespace chronicler::test
