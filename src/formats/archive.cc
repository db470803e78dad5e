#include "formats/archive.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "chronicler/base/error.h"

#if CHRONICLER_HAVE_LIBZIP

#include <zip.h>

namespace chronicler {
namespace {

[[noreturn]] void damaged(std::string_view what) {
  throw Error(fmt::format("its zip archive is damaged: {}", what), "use another copy");
}

struct ErrorState {
  ErrorState() { zip_error_init(&error); }
  ~ErrorState() { zip_error_fini(&error); }
  ErrorState(const ErrorState&) = delete;
  ErrorState& operator=(const ErrorState&) = delete;
  std::string text() { return zip_error_strerror(&error); }
  zip_error_t error{};
};

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using File = std::unique_ptr<zip_file_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;

// An archive over `source`, which it then owns.
Archive open(zip_source_t* source, int flags, ErrorState& state) {
  if (source == nullptr) damaged(state.text());
  zip_t* archive = zip_open_from_source(source, flags, &state.error);
  if (archive != nullptr) return Archive(archive);
  zip_source_free(source);
  if (zip_error_code_zip(&state.error) == ZIP_ER_EXISTS) {
    throw Error("its zip archive has two members of one name: which one is meant is not known",
                "use another copy");
  }
  damaged(state.text());
}

// Names are never used as paths, but who uses them as such means harm.
void check_name(std::string_view name) {
  constexpr std::size_t longest = 4096;
  bool leaves = name.empty() || name.size() > longest || name.front() == '/' ||
                name.find('\\') != std::string_view::npos ||
                name.find(':') != std::string_view::npos;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    leaves = leaves || name.substr(begin, end - begin) == "..";
    begin = end + 1;
  }
  if (!leaves) return;
  throw Error(fmt::format("its archive has a member \"{}\", a path that leaves the archive",
                          name.substr(0, 100)),
              "the file is made to harm");
}

void check_packing(const zip_stat_t& member) {
  constexpr std::uint64_t known = ZIP_STAT_NAME | ZIP_STAT_INDEX | ZIP_STAT_SIZE |
                                  ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD |
                                  ZIP_STAT_ENCRYPTION_METHOD;
  const std::string_view name = member.name;
  if ((member.valid & known) != known) damaged(fmt::format("\"{}\" has no size", name));
  if (member.encryption_method != ZIP_EM_NONE)
    throw Error(fmt::format("the member \"{}\" of its archive is encrypted", name));
  if (member.comp_method != ZIP_CM_STORE && member.comp_method != ZIP_CM_DEFLATE) {
    throw Error(fmt::format("the member \"{}\" of its archive is packed by method {}", name,
                            member.comp_method),
                "pack it by deflate, or not at all");
  }
  constexpr std::uint64_t most_expansion = 20;
  constexpr std::uint64_t small = std::uint64_t{1} << 16U;
  if (member.size > small && member.size / most_expansion > member.comp_size) {
    throw Error(fmt::format("the member \"{}\" of its archive would grow from {} to {} bytes", name,
                            member.comp_size, member.size),
                "the file is made to harm");
  }
}

std::string read_member(zip_t* archive, const zip_stat_t& member, std::size_t archive_bytes) {
  if (member.comp_size > archive_bytes)
    damaged(fmt::format("\"{}\" is larger than the file", member.name));
  const File file(zip_fopen_index(archive, member.index, 0));
  if (!file) damaged(fmt::format("\"{}\" cannot be read", member.name));
  std::string bytes(member.size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const zip_int64_t count = zip_fread(file.get(), bytes.data() + done, bytes.size() - done);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  char beyond = 0;  // reading to the end also checks the checksum
  if (done != bytes.size() || zip_fread(file.get(), &beyond, 1) != 0)
    damaged(fmt::format("\"{}\" has another size or checksum than it should", member.name));
  return bytes;
}

}  // namespace

bool archives_are_available() { return true; }

std::string write_archive(const std::vector<ArchiveMember>& members) {
  ErrorState state;
  const auto fail = [](std::string_view what) {
    throw Error(fmt::format("the zip archive cannot be made: {}", what));
  };
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &state.error);
  if (target == nullptr) fail(state.text());
  Archive archive = open(target, ZIP_CREATE | ZIP_TRUNCATE, state);
  for (const ArchiveMember& member : members) {
    Source source(
        zip_source_buffer_create(member.bytes.data(), member.bytes.size(), 0, &state.error));
    if (!source) fail(state.text());
    const zip_int64_t index =
        zip_file_add(archive.get(), member.name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
    if (index < 0) fail(zip_strerror(archive.get()));
    static_cast<void>(source.release());  // the archive's now
    const auto place = static_cast<zip_uint64_t>(index);
    constexpr zip_uint16_t first_of_january_1980 = (1U << 5U) | 1U;
    if (zip_set_file_compression(archive.get(), place, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive.get(), place, 0, first_of_january_1980, 0) != 0) {
      fail(zip_strerror(archive.get()));
    }
  }
  zip_source_keep(target);
  const Source written(target);
  if (zip_close(archive.get()) != 0) fail(zip_strerror(archive.get()));
  static_cast<void>(archive.release());

  zip_stat_t status;
  if (zip_source_open(target) != 0 || zip_source_stat(target, &status) != 0)
    fail(zip_error_strerror(zip_source_error(target)));
  std::string bytes(status.size, '\0');
  if (zip_source_read(target, bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size()))
    fail(zip_error_strerror(zip_source_error(target)));
  zip_source_close(target);
  return bytes;
}

std::vector<ArchiveMember> read_archive(std::string_view bytes,
                                        const std::function<bool(std::string_view)>& wanted) {
  constexpr std::string_view signature("PK\x03\x04", 4);
  if (!bytes.starts_with(signature)) throw Error("it is not a zip archive");
  ErrorState state;
  const Archive archive =
      open(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &state.error),
           ZIP_RDONLY | ZIP_CHECKCONS, state);

  std::vector<ArchiveMember> members;
  std::set<std::string> names;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t member;
    if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(i), 0, &member) != 0)
      damaged(zip_strerror(archive.get()));
    check_name(member.name);
    if (!names.insert(member.name).second)
      throw Error(fmt::format("its archive has two members \"{}\"", member.name));
    if (!wanted(member.name)) continue;
    check_packing(member);
    members.push_back({member.name, read_member(archive.get(), member, bytes.size())});
  }
  return members;
}

}  // namespace chronicler

#else

namespace chronicler {
namespace {

[[noreturn]] void fail() {
  throw Error("this build of Chronicler has no zip archives", "build it with libzip-dev");
}

}  // namespace

bool archives_are_available() { return false; }
std::string write_archive(const std::vector<ArchiveMember>& /*members*/) { fail(); }
std::vector<ArchiveMember> read_archive(std::string_view /*bytes*/,
                                        const std::function<bool(std::string_view)>& /*wanted*/) {
  fail();
}

}  // namespace chronicler

#endif
