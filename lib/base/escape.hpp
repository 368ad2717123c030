// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ociassemble {

// Names and texts of others in the syntaxes that we write, each in this one place; a terminal's is terminal_text().

// A file's name among the prerequisites of a rule for GNU make or ninja (or as a rule's target, where only such rules
// use it). What has no escape there (line breaks and other control characters, '=', ';' and the like) becomes make's
// wildcard '?', which stands for that one character, so that no name can be read as anything but a name.
std::string make_name(std::string_view path);
// The same for a rule's own target, where a wildcard would name another file. Throws Error{invalid_argument} for what
// has no escape.
std::string make_target(std::string_view path);

// A string of JSON with its quotes (RFC 8259, section 7), for what people and programs read: besides what has to be
// escaped, DEL and C1, bidirectional overrides and line separators are, so that a terminal shows them as they are;
// bytes that are not UTF-8 become U+FFFD. (Documents whose bytes are a promise are written by spec/json_writer.)
std::string quoted_json(std::string_view text);

// The same string, which is in quotes and escaped already: what quoted_json() escapes besides is escaped here, too.
std::string shown_json(std::string_view quoted);

// One word of a POSIX shell: as it is where nothing in it means anything, else in single quotes. Control characters are
// written as '?': the line is shown, and copied from there.
std::string shell_word(std::string_view text);

// Whether the text can be the name or the value of a field of HTTP (RFC 9110, section 5): nothing in it begins another.
bool is_field_name(std::string_view text) noexcept;
bool is_field_value(std::string_view text) noexcept;

}  // namespace ociassemble
