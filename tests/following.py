"""Follow a page that tells what to write: each block goes to the file that its caption names."""

import re

BLOCK = re.compile(
    r"^(?P<fence>`{3,})\{code-block\} \w+\n"
    r":caption: (?P<path>\S+)(?: \((?P<place>at the end|after (?P<line>\w+))\))?\n\n"
    r"(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


def follow(page, root):
    """Write each block to the place that its caption names, and return the files."""
    written = []
    for block in BLOCK.finditer(page):
        path = root / block["path"]
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        assert bool(old) == bool(block["place"]), f"{path.name} {'exists' if old else 'is missing'}"
        if block["line"]:
            new, found = re.subn(
                rf"^{block['line']}\n", rf"\g<0>{block['text']}", old, count=1, flags=re.MULTILINE
            )
            assert found, f"{path.name} has no line {block['line']}"
        else:
            new = old + block["text"]
        path.write_text(new, encoding="utf-8")
        written.append(block["path"])
    return written
