// Texts as the tasks read them: what looks the same is the same.
#pragma once

#include <string>
#include <string_view>

namespace chronicler::data {

// Unicode's composed form (NFC), every space of a line as a plain one (no-break, narrow no-break,
// ideographic, ...; line and paragraph separators, too), and without what nobody sees: zero-width
// spaces, word joiners, soft hyphens, byte-order marks. Tabs, line ends and the joiners that
// scripts and emoji need stay. What is not UTF-8 stays as it is, and so does a line with a letter
// of more than some sixty marks. Plain text stays the same text. `kept` are spaces and unseen
// characters that stay nevertheless: those of a vocabulary that was learnt from them.
std::string plain_text(std::string_view text, std::u32string_view kept = {});

// The same in place: a text of a gigabyte that is plain ASCII is not held twice.
void make_plain(std::string& text);

// The characters of a text that plain_text leaves out or replaces by a space, each once.
std::u32string unplain_characters(std::string_view text);

// Whether anything of a text can be seen: false for spaces, tabs, line ends, zero-width and control
// characters alone.
bool has_text(std::string_view text);

// Plain text in one line, tabs and line ends as spaces, without spaces around it.
std::string plain_line(std::string_view text, std::u32string_view kept = {});

// The same with one space where there are several: a name that is compared.
std::string plain_name(std::string_view text);

// The same without capital letters (Unicode's full case folding): for names that may differ by
// them alone.
std::string folded_name(std::string_view text);

}  // namespace chronicler::data
