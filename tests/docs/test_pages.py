#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What README.md and docs/ point at exists: links, headings, paths of the repository, options of the commands. No
placeholder is left in them.

usage: test_pages.py SOURCE_ROOT PROGRAM...

PROGRAMs are the tools whose command lines the pages show; what they take is what their --help prints."""
import os
import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```", re.M | re.S)
CODE = re.compile(r"`([^`\n]+)`")
# A line of one word in capitals, or a note to oneself.
PLACEHOLDER = re.compile(r"^\s*[A-Z][A-Z0-9_]{2,}\s*$|\b(TODO|FIXME|TBD|XXX)\b")
# Looks like a path: begins with a folder or names a file of the root; no spaces, no placeholders in capitals.
ROOTS = ("bench/ codegen/ compiler/ docs/ examples/ frontends/ passes/ runtime/ scripts/ tests/ tools/").split()


def anchor(heading):
    text = re.sub(r"[`*]", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(path):
    text = FENCE.sub("", path.read_text())
    return {anchor(match) for match in re.findall(r"^#+ (.+)$", text, re.M)}


def check_links(path, text):
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists():
            yield f"link to {target}, which does not exist"
        elif fragment and fragment not in anchors(file):
            yield f"link to {target}: there is no such heading"


def check_paths(root, text):
    for code in CODE.findall(FENCE.sub("", text)):
        if not code.startswith(tuple(ROOTS)) or re.search(r"[\s<>$={}\[\]]|[A-Z]{3,}(?!\w*\.md)", code):
            continue
        found = list(root.glob(code.rstrip("/"))) if "*" in code else [root / code]
        if not found or not found[0].exists():
            yield f"path `{code}` does not exist"


def help_options(program):
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", text))


def takes(options, word):
    name = word.split("=")[0]
    if name in options:
        return True
    # Joined values: -O2 for the -O of the help's -O0..3.
    return bool(re.fullmatch(r"-O[0-3]", name)) and any(option.startswith("-O") for option in options)


def check_commands(programs, text):
    for language, block in FENCE.findall(text):
        if language.strip() not in ("", "sh", "console", "shell"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            words = re.sub(r"^\$ ", "", line.split(" #")[0]).split()
            if not words or os.path.basename(words[0]) not in programs:
                continue
            name = os.path.basename(words[0])
            for word in words[1:]:
                if word in ("|", "&&", ">", "2>", ";", "--"):
                    break
                if re.match(r"--?[A-Za-z]", word) and not takes(programs[name], word):
                    yield f"`{line.strip()}`: {name} --help does not list {word}"


def check_placeholders(text):
    for line in FENCE.sub("", text).splitlines():
        if PLACEHOLDER.search(line):
            yield f"'{line.strip()}' looks like a placeholder"


def test_the_checks(root, programs):
    """Each check finds what it is there for."""
    page = root / "README.md"
    assert list(check_links(page, "[a](no/such/file.md)")) and not list(check_links(page, "[a](README.md)"))
    assert list(check_links(page, "[a](README.md#no-such-heading)"))
    assert list(check_paths(root, "`compiler/no_such.c`")) and not list(check_paths(root, "`compiler/base`"))
    assert list(check_paths(root, "`compiler/*/no_such.c`")) and not list(check_paths(root, "`compiler/*/*.c`"))
    assert list(check_placeholders("a\n\nLOOPTEXT\n\nb")) and list(check_placeholders("TODO: say more"))
    assert not list(check_placeholders("Apache-2.0, see LICENSE\n\n```c\nAICC_OK\n```\n"))
    name = next(iter(programs))
    assert list(check_commands(programs, f"```sh\n$ {name} x --no-such-option=1\n```\n"))
    assert not list(check_commands(programs, f"```sh\n{name} x --help | grep --no-such-option\n```\n"))


def main(root, tools):
    root = pathlib.Path(root).resolve()
    programs = {os.path.basename(tool): help_options(tool) for tool in tools}
    test_the_checks(root, programs)
    pages = [root / "README.md"] + sorted((root / "docs").glob("*.md"))
    assert len(pages) > 5, "docs/ is empty"
    faults = 0
    for page in pages:
        text = page.read_text()
        for fault in [*check_links(page, text), *check_paths(root, text), *check_commands(programs, text),
                      *check_placeholders(text)]:
            print(f"{page.relative_to(root)}: {fault}")
            faults += 1
    print(f"{len(pages)} pages, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
