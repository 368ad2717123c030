// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/dockerfile.hpp"

#include <doctest/doctest.h>

#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

Dockerfile dockerfile_of(std::string_view text) { return Dockerfile::parse(text, "Dockerfile"); }

// The text of each instruction, and the names of its heredocs.
std::vector<std::string> texts_of(std::string_view text) {
  std::vector<std::string> all;
  for (const auto& made : dockerfile_of(text).instructions) {
    all.push_back(made.name + " " + made.text);
    for (const auto& heredoc : made.heredocs) all.back() += " |" + heredoc.name + "|" + heredoc.body;
  }
  return all;
}

std::string refusal_of(std::string_view text) {
  try {
    const auto file = dockerfile_of(text);
    for (const auto& made : file.instructions) {
      if (made.name == "ENV" || made.name == "LABEL" || made.name == "ARG") file.pairs(made);
    }
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

using TextList = std::vector<std::string>;

}  // namespace

TEST_CASE("an escape at the end continues a line, an escaped one does not") {
  CHECK(texts_of("RUN a \\\n  b\nUSER c\\\\\nUSER d\n") == TextList{"RUN a   b", "USER c\\\\", "USER d"});
  CHECK(texts_of("RUN a \\ \t\n# a comment\n\n \\\n  b\\\n") == TextList{"RUN a    b"});
  CHECK(texts_of("RUN a\\\r\nb\r\n") == TextList{"RUN ab"});
  CHECK(texts_of("\\\nUSER x\n") == TextList{"USER x"});
}

TEST_CASE("directives stand at the top, each once") {
  CHECK(texts_of("# syntax=docker/dockerfile:1\n# escape = `\n# check=skip=all\nRUN a `\nb\n") == TextList{"RUN a b"});
  CHECK(texts_of("#ESCAPE=`\nUSER a\\\n") == TextList{"USER a\\"});
  CHECK(texts_of("# a comment\n# escape=`\nRUN a \\\nb\n") == TextList{"RUN a b"});
  CHECK(texts_of("\n# escape=`\nRUN a \\\nb\n") == TextList{"RUN a b"});
  CHECK(texts_of("# other=1\n# escape=`\nRUN a \\\nb\n") == TextList{"RUN a b"});
  CHECK(refusal_of("# escape=`\n# escape=`\n") == "Dockerfile:2: the directive ESCAPE is there twice");
  CHECK(refusal_of("# escape=x\n") == "Dockerfile:1: escape is neither \\ nor `");
}

TEST_CASE("a heredoc is a whole word that is not quoted") {
  CHECK(texts_of("RUN <<A\nx\nA\n") == TextList{"RUN <<A |A|x\n"});
  CHECK(texts_of("RUN 3<<-A cat\n\tx\n\tA\n") == TextList{"RUN 3<<-A cat |A|\tx\n"});
  CHECK(texts_of("RUN cat << A > /x\nx\nA\n") == TextList{"RUN cat << A > /x |A|x\n"});
  CHECK(texts_of("COPY <<A <<'B' /d/\na\nA\nb\nB\n") == TextList{"COPY <<A <<'B' /d/ |A|a\n |B|b\n"});
  CHECK(texts_of("RUN <<'one two'\nx\none two\n") == TextList{"RUN <<'one two' |one two|x\n"});
  CHECK(texts_of("RUN <<it\\'s\nx\nit's\n") == TextList{"RUN <<it\\'s |it's|x\n"});
  CHECK(texts_of("onbuild copy <<A /a\nx\nA\n") == TextList{"ONBUILD copy <<A /a |A|x\n"});
  CHECK(texts_of("RUN <<A;\nx\nA;\n") == TextList{"RUN <<A; |A;|x\n"});
}

TEST_CASE("what only looks like a heredoc is none") {
  for (const std::string line :
       {"RUN echo $((1<<N))", "RUN echo \"<<A\"", "RUN sh -c 'cat <<A'", "RUN [\"echo\", \"<<A\"]", "RUN cat <<<A",
        "RUN a<<B", "USER <<A", "RUN echo it's <<A", "ONBUILD RUN [\"<<A\"]"}) {
    CAPTURE(line);
    const auto file = dockerfile_of(line + "\nUSER x\n");
    REQUIRE(file.instructions.size() == 2);
    CHECK(file.instructions[0].heredocs.empty());
  }
}

TEST_CASE("variables are put into a heredoc unless its name is quoted") {
  CHECK(dockerfile_of("RUN <<A\nA\n").instructions[0].heredocs[0].expands);
  CHECK_FALSE(dockerfile_of("RUN <<\"A\"\nA\n").instructions[0].heredocs[0].expands);
  CHECK(dockerfile_of("RUN <<A\\'\nA'\n").instructions[0].heredocs[0].expands);
}

TEST_CASE("flags end at the first word that is none, or at --") {
  const auto made = dockerfile_of("COPY --from=a --exclude=x --exclude='y z' --link -- --b c\n").instructions[0];
  using Flags = std::vector<std::pair<std::string, std::string>>;
  CHECK(made.flags == Flags{{"from", "a"}, {"exclude", "x"}, {"exclude", "y z"}, {"link", ""}});
  CHECK(made.text == "--b c");
  CHECK(*made.flag("exclude") == "y z");
  CHECK(made.flag("chown") == nullptr);
}

TEST_CASE("a JSON array is of strings, and what is none is a shell's line") {
  CHECK(*dockerfile_of("CMD [ \"a\\/b\", \"\\u00e9\" ]\n").instructions[0].exec == TextList{"a/b", "é"});
  CHECK(dockerfile_of("CMD []\n").instructions[0].exec->empty());
  CHECK_FALSE(dockerfile_of("CMD ['a']\n").instructions[0].exec);
  CHECK_FALSE(dockerfile_of("CMD [\"a\"\n").instructions[0].exec);
  CHECK(refusal_of("CMD [\"a\", [\"b\"]]\n") == "Dockerfile:1: an element of the JSON array is not a string");
  CHECK(refusal_of("VOLUME [1]\n") == "Dockerfile:1: an element of the JSON array is not a string");
}

TEST_CASE("pairs are divided before quotes are taken off") {
  const auto pairs_of = [](std::string_view text) {
    const auto file = dockerfile_of(text);
    std::string all;
    for (const auto& pair : file.pairs(file.instructions[0]))
      all += pair.name + "|" + pair.value.value_or("none") + "\n";
    return all;
  };
  CHECK(pairs_of("LABEL \"a b\"=c d='e f'\n") == "\"a b\"|c\nd|'e f'\n");
  CHECK(pairs_of("ENV a  b = c  \n") == "a|b = c\n");
  CHECK(pairs_of("ENV a=b\\ c d=\n") == "a|b\\ c\nd|\n");
  CHECK(pairs_of("ARG a b=\"c d\"\n") == "a|none\nb|\"c d\"\n");
  CHECK(refusal_of("ENV a=b c\n") == "Dockerfile:1: ENV is not NAME=VALUE");
  CHECK(refusal_of("LABEL a\n") == "Dockerfile:1: LABEL has no value");
  CHECK(refusal_of("ARG =x\n") == "Dockerfile:1: ARG is not NAME=VALUE");
}

TEST_CASE("sources and ports are divided at blanks, before and after their variables") {
  const std::map<std::string, std::string> values{{"P", "1 2"}};
  KnownVariables variables(values);
  const auto file = dockerfile_of("EXPOSE $P \"$P\"\nCOPY $P a\\ b\n");
  CHECK(file.expand_words(file.instructions[0], file.instructions[0].text, variables) == TextList{"1", "2", "1 2"});
  CHECK(file.arguments(file.instructions[1], variables) == TextList{"1 2", "a", "b"});
}
