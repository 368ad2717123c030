# SPDX-License-Identifier: Apache-2.0
# Completion for fish. The program itself says how a word can go on (`ociassemble complete -- WORDS…`), so that this file
# knows no option.

function __ociassemble_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] complete -- $words[2..-1] "$current" 2>/dev/null)
    test (count $lines) -gt 1; and printf '%s\n' $lines[2..-1]
    set -l path (string replace -r '^--[a-z-]*=' '' -- "$current")
    set -l before (string sub -l (math (string length -- "$current") - (string length -- "$path")) -- "$current")
    switch "$lines[1]"
        case files
            __fish_complete_path "$path" | string replace -r '^' -- "$before"
        case folders
            __fish_complete_directories "$path" | string replace -r '^' -- "$before"
    end
end

complete -c ociassemble -f -a '(__ociassemble_complete)'
