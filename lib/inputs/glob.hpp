// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace ociassemble {

// What a pattern says of a path.
enum class GlobReach {
  no,     // neither the path nor anything below it
  below,  // not the path, but maybe something below it
  yes,    // the path, or one of its parent directories
};

// One pattern of a .dockerignore file, as Docker's reference defines it ("Dockerfile reference", ".dockerignore file"):
// Go's path/filepath.Match and "**". The text has been cleaned already (no "." or "//", no '/' at its end). A value.
//
//   *      any characters but '/'                    [a-c\]]  one of these; [^...] one of the others, also '/'
//   ?      one character but '/'                     \x       x itself
//   **/    any number of directories, also none      **       at the end: anything
//
// "**" before plain text, without a '/' between them, stands for anything, as it does for Docker: "**.log".
// Characters are Unicode code points; a byte that is not UTF-8 is one of its own.
class Glob {
 public:
  // `where` is what the error names: "cannot parse WHERE: pattern \"a[\": no ']' ends the class". Throws
  // Error{invalid_argument}.
  static Glob compile(std::string_view pattern, std::string_view where);

  // Takes time in the length of the path times that of the pattern at the most: there is no going back. Any thread.
  GlobReach test(std::string_view path) const;

 private:
  friend class GlobCompiler;
  friend class GlobRun;

  enum class Kind {
    literal,      // one character
    not_slash,    // '?'
    set,          // [...]
    star,         // '*': any number of characters but '/'
    anything,     // "**" at the end
    directories,  // "**/": this, or past the next
    inside,       // follows a `directories`: until a '/'
  };
  struct Token {
    Kind kind;
    char32_t character = 0;
    bool negated = false;
    std::vector<std::pair<char32_t, char32_t>> ranges = {};
  };

  std::vector<Token> tokens_;
};

}  // namespace ociassemble
