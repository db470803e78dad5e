// Zip archives in memory.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chronicler {

struct ArchiveMember {
  std::string name;
  std::string bytes;
};

// Whether this build has what archives need (libzip). Without, the functions throw Error.
bool archives_are_available();

// Stored, not packed, in this order and without dates: equal members give equal bytes.
std::string write_archive(const std::vector<ArchiveMember>& members);

// The members whose names are `wanted`. Throws Error for damage anywhere in the archive's
// directory, a member that is encrypted, there twice, or packed more than twenty times smaller, and
// for a name that leads out of the archive.
std::vector<ArchiveMember> read_archive(std::string_view bytes,
                                        const std::function<bool(std::string_view name)>& wanted);

}  // namespace chronicler
