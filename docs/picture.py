"""Draws what a command prints on a terminal as an SVG file.

    python docs/picture.py docs/error.svg dlm check --color always net.dlm
"""

import re
import subprocess
import sys
from html import escape
from pathlib import Path

WIDTH, LINE, SIZE, EDGE = 8.43, 19, 14, 18
COLOURS = {30: "#6e7681", 31: "#ff7b72", 32: "#7ee787", 33: "#f2cc60", 34: "#79c0ff", 35: "#d2a8ff",
           36: "#76e3ea", 37: "#e6edf3", 90: "#8b949e", 91: "#ff7b72", 92: "#7ee787", 93: "#f2cc60",
           94: "#79c0ff", 95: "#d2a8ff", 96: "#76e3ea", 97: "#ffffff"}
GREY = {n: f"#{8 + 10 * (n - 232):02x}" + f"{8 + 10 * (n - 232):02x}" * 2 for n in range(232, 256)}
CUBE = {16 + 36 * r + 6 * g + b: "#" + "".join(f"{55 + 40 * c if c else 0:02x}" for c in (r, g, b))
        for r in range(6) for g in range(6) for b in range(6)}


def runs(line, state):
    """Pieces of a line with their colour and weight; `state` lasts over the end of a line."""
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if not code:
            if piece:
                yield piece, state["colour"], state["bold"]
            continue
        numbers = [int(n or 0) for n in code[1].split(";")]
        while numbers:
            n = numbers.pop(0)
            if n == 0:
                state.update(colour="#e6edf3", bold=False)
            elif n == 1:
                state["bold"] = True
            elif n in (2, 22):
                state["bold"] = False
            elif n == 39:
                state["colour"] = "#e6edf3"
            elif n == 38 and numbers[:1] == [5]:
                index = numbers[1]
                colour = {**CUBE, **GREY}.get(index) or COLOURS.get(30 + index if index < 8 else 82 + index)
                state["colour"] = colour or state["colour"]
                numbers = numbers[2:]
            elif n in COLOURS:
                state["colour"] = COLOURS[n]


def main():
    target, *command = sys.argv[1:]
    result = subprocess.run(command, capture_output=True, text=True)
    shown = " ".join(Path(word).name if "/" in word else word for word in command)
    shown = shown.replace(" --color always", "")
    lines = [f"\x1b[92m$\x1b[0m {shown}"] + (result.stdout + result.stderr).rstrip().split("\n")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    width = max(map(len, plain)) * WIDTH + 2 * EDGE
    height = len(lines) * LINE + 2 * EDGE
    state = {"colour": "#e6edf3", "bold": False}
    body = []
    for row, line in enumerate(lines):
        column = 0
        for text, colour, bold in runs(line, state):
            if text.strip():
                lead = len(text) - len(text.lstrip())
                text_ = text.strip()
                x, y = EDGE + (column + lead) * WIDTH, EDGE + (row + 0.75) * LINE
                weight = ' font-weight="bold"' if bold else ""
                body.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{weight} textLength="{len(text_) * WIDTH:.1f}" '
                            f'lengthAdjust="spacingAndGlyphs" xml:space="preserve">{escape(text_)}</text>')
            column += len(text)
    Path(target).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{SIZE}">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n' + "\n".join(body) + "\n</svg>\n")


if __name__ == "__main__":
    main()
