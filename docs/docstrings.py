"""Docstrings are plain sentences with code in backticks; this makes reStructuredText of them."""

from __future__ import annotations

import re

__all__ = ["as_rest"]

_CODE = re.compile(r"(``[^`]+``|`[^`]+`)")
_SPECIAL = re.compile(r"[*|\\]|_\b(?=\W|$)")
_FENCE = re.compile(r"^ *```(\w*)$")
_EXAMPLE = re.compile(r"^Examples?:$")
_DOCTEST = (">>>", "...")


def as_rest(lines: list[str]) -> list[str]:
    """Returns the lines of a docstring with code as code and everything else as it stands.

    Code is what stands in backticks, between fences, under `Example:`, behind `>>>`, and in a block
    that is indented below a sentence.

    Args:
        lines: without the indentation that they share.
    """
    blocks: list[tuple[bool, list[str]]] = []
    for is_code, line in _marked(lines):
        if not blocks or blocks[-1][0] != is_code:
            blocks.append((is_code, []))
        blocks[-1][1].append(line)
    return [line for is_code, block in blocks for line in (block if is_code else _escaped(block))]


def _escaped(block: list[str]) -> list[str]:
    parts = _CODE.split("\n".join(block))
    parts[::2] = [_SPECIAL.sub(r"\\\g<0>", part) for part in parts[::2]]
    parts[2::2] = [f"\\ {part}" if part[:1].isalnum() else part for part in parts[2::2]]
    parts[:-1:2] = [f"{part}\\ " if part[-1:].isalnum() else part for part in parts[:-1:2]]
    return "".join(parts).split("\n")


def _marked(lines: list[str]) -> list[tuple[bool, str]]:
    """Tells lines of code from others, and writes the markup that begins a block of code."""
    found: list[tuple[bool, str]] = []
    fence, block = False, None  # inside a fence; the indentation of a block of code
    before = [""]  # the last lines that were not empty
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        opened = _FENCE.match(line)
        if opened:
            fence = not fence
            begin = [(True, f"{' ' * indent}.. code-block:: {opened[1] or 'text'}")]
            found += [*(begin if fence else []), (True, "")]
            continue
        if fence:
            found.append((True, f"   {line}" if line else line))
            continue
        if block is not None and line and indent < block:
            block = None
        if block is None and line and _begins(lines, number, indent, before[-1]):
            found += [(True, f"{' ' * max(0, indent - 4)}{' ' * 4 * _is_example(before)}::")]
            found += [(True, "")]
            block = indent
        is_code = block is not None or line.lstrip().startswith(_DOCTEST)
        shift = "    " if block is not None and line and _is_example(before) else ""
        found.append((is_code, f"{shift}{line}"))
        if line and block is None:
            before.append(line)
    return found


def _is_example(before: list[str]) -> bool:
    return bool(_EXAMPLE.match(before[-1]))


def _begins(lines: list[str], number: int, indent: int, last: str) -> bool:
    """Whether a line is the first of a block of code without a mark of its own."""
    if not indent or lines[number].lstrip().startswith(_DOCTEST):
        return False
    if _EXAMPLE.match(last):
        return not lines[number - 1].startswith(" ")
    return number > 1 and not lines[number - 1] and not last.startswith(" ") and last[-1:] != ""
