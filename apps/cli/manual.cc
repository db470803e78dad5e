#include "cli/manual.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "chronicler/version.h"

namespace chronicler::cli {
namespace {

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : path_of(*app.get_parent()) + " " + app.get_name();
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app, bool positional) {
  std::vector<const CLI::Option*> options;
  for (const CLI::Option* option : app.get_options()) {
    const bool is_hidden = option->get_group().empty();
    if (!is_hidden && option->get_positional() == positional) options.push_back(option);
  }
  return options;
}

// "-o, --output MODEL"; of an argument its name.
std::string spelling_of(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  std::string text;
  for (const std::string& name : option.get_snames()) text += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) text += "--" + name + ", ";
  text.resize(text.size() - 2);
  if (option.get_type_size() == 0) return text;
  const std::string type = option.get_type_name();
  return type.empty() ? text : text + " " + type.substr(0, type.find(':'));
}

std::string capitalised(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

std::string usage_of(const CLI::App& app) {
  std::string text = path_of(app);
  text += commands_of(app).empty() ? " [OPTION...]" : " COMMAND [OPTION...]";
  for (const CLI::Option* option : options_of(app, true)) {
    const std::string name = option->get_name(true);
    text += option->get_required() ? " " + name : " [" + name + "]";
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// ---- Markdown

// What would be read as a column's end or as HTML.
std::string in_table(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '_') result += '\\';
    result += c;
  }
  return result;
}

void add_options(std::string& page, const CLI::App& app, bool positional, std::string_view title) {
  const std::vector<const CLI::Option*> options = options_of(app, positional);
  if (options.empty()) return;
  page += fmt::format("\n| {} | |\n|---|---|\n", title);
  for (const CLI::Option* option : options) {
    page +=
        fmt::format("| `{}` | {} |\n", spelling_of(*option), in_table(option->get_description()));
  }
}

void add_command(std::string& page, const CLI::App& app, int depth) {
  page += fmt::format("\n{} {}\n\n{}.\n", std::string(static_cast<std::size_t>(depth), '#'),
                      path_of(app), capitalised(app.get_description()));
  page += fmt::format("\n```\n{}\n```\n", usage_of(app));
  if (!app.get_footer().empty()) {
    page += "\nExamples:\n\n```\n";
    for (const std::string& line : lines_of(app.get_footer()))
      page += line.substr(std::min(line.find_first_not_of(' '), line.size())) + "\n";
    page += "```\n";
  }
  add_options(page, app, true, "Argument");
  add_options(page, app, false, "Option");
  for (const CLI::App* command : commands_of(app)) add_command(page, *command, depth + 1);
}

// ---- man pages

// Text in roff: a leading dot or quote, a backslash and a hyphen would be commands.
std::string roff(std::string_view text) {
  std::string result;
  if (text.starts_with('.') || text.starts_with('\'')) result += "\\&";
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string page_name(const CLI::App& app) {
  std::string name = path_of(app);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

void add_roff_options(std::string& page, const CLI::App& app, bool positional,
                      std::string_view title) {
  const std::vector<const CLI::Option*> options = options_of(app, positional);
  if (options.empty()) return;
  page += fmt::format(".SH {}\n", title);
  for (const CLI::Option* option : options) {
    page += fmt::format(".TP\n.B {}\n{}\n", roff(spelling_of(*option)),
                        roff(option->get_description()));
  }
}

std::string man_page(const CLI::App& app) {
  std::string page = fmt::format(".TH {} 1 \"\" \"chronicler {}\"\n", roff(page_name(app)),
                                 roff(CHRONICLER_VERSION));
  page += fmt::format(".SH NAME\n{} \\- {}\n", roff(page_name(app)), roff(app.get_description()));
  page += fmt::format(".SH SYNOPSIS\n.B {}\n", roff(usage_of(app)));
  add_roff_options(page, app, true, "ARGUMENTS");
  add_roff_options(page, app, false, "OPTIONS");
  const std::vector<const CLI::App*> commands = commands_of(app);
  if (!commands.empty()) page += ".SH COMMANDS\n";
  for (const CLI::App* command : commands) {
    page += fmt::format(".TP\n.BR {} (1)\n{}\n", roff(page_name(*command)),
                        roff(command->get_description()));
  }
  if (!app.get_footer().empty()) {
    page += ".SH EXAMPLES\n.nf\n";
    for (const std::string& line : lines_of(app.get_footer())) page += roff(line) + "\n";
    page += ".fi\n";
  }
  return page;
}

void write_pages(const CLI::App& app, const std::filesystem::path& folder) {
  write_file_atomically((folder / (page_name(app) + ".1")).string(), man_page(app));
  for (const CLI::App* command : commands_of(app)) write_pages(*command, folder);
}

}  // namespace

std::string markdown_manual(const CLI::App& program) {
  std::string page =
      "# The command line\n\nWhat `--help` says of every command, on one page: made by `chronicler "
      "--help-markdown`.\nA default stands in brackets at the end of its line.\n";
  add_command(page, program, 2);
  return page;
}

void write_man_pages(const CLI::App& program, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw Error(fmt::format("the folder \"{}\" cannot be made: {}", folder, error.message()));
  write_pages(program, folder);
}

std::string wrapped(const std::string& text, std::size_t width) {
  std::string result;
  std::size_t in_line = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::size_t size = end - begin;
    if (in_line > 0 && in_line + 1 + size > width) {
      result += '\n';
      in_line = 0;
    } else if (in_line > 0) {
      result += ' ';
      ++in_line;
    }
    result.append(text, begin, size);
    in_line += size;
    begin = end + 1;
  }
  return result;
}

}  // namespace chronicler::cli
