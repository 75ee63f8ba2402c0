"""Pages that are written elsewhere in the repository, and links that lead there."""

import pathlib
import posixpath
import re

ROOT = pathlib.Path(__file__).parents[2]

# Repository path -> page.
TAKEN = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "serving/README.md": "serving.md",
    "zoo/RESULTS.md": "zoo/index.md",
}
# Parts of the package that are reached through its own names.
INSIDE = ("encoding", "exporting", "index")

_ENTRY = re.compile(r"zoo/entries/([^/]+)/README\.md")
_CODE = re.compile(r"keras_hashing/([a-z_]+)(/|\.py)")
_LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(\))")
_SECTION = re.compile(r"^<!-- from ([^:\n]+): (.+) -->$", re.MULTILINE)
_FILE = re.compile(r"^<!-- file (\S+) -->$", re.MULTILINE)
_FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def taken(root=ROOT):
    """Repository paths of the pages that are not in `docs`, and the pages that they become."""
    cards = [path.relative_to(root).as_posix() for path in root.glob("zoo/entries/*/README.md")]
    pages = {path: page for path, page in TAKEN.items() if path != "README.md"}
    return pages | {path: page_of(path) for path in sorted(cards)}


def page_of(path):
    """The page of a file of the repository, both as paths; None if it has none."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if found := _ENTRY.fullmatch(path):
        return f"zoo/{found[1]}.md"
    if found := _CODE.match(path):
        return f"api/{'keras_hashing' if found[1] in INSIDE else found[1]}.md"
    return TAKEN.get(path)


def relink(text, source, page):
    """Markdown whose links lead to pages in place of files of the repository.

    Args:
        text: str, Markdown.
        source: str, the repository path of the file that it stands in.
        page: str, the page that it is shown on.

    Returns:
        str; a link to a file that is no page becomes its text alone.
    """

    def lead(found):
        if "://" in found[2]:
            return found[0]
        target = page_of(posixpath.normpath(posixpath.join(posixpath.dirname(source), found[2])))
        if target is None:
            return "]()"
        relative = posixpath.relpath(target, posixpath.dirname(page) or ".")
        return f"{found[1]}{relative}{found[3] or ''}{found[4]}"

    parts = _FENCE.split(text)
    parts[::2] = [_without_empty(_LINK.sub(lead, part)) for part in parts[::2]]
    return "".join(parts)


def include(text, page, root=ROOT):
    """Markdown with what it takes from elsewhere in the repository.

    `<!-- from FILE: HEADING -->` becomes what stands under that heading, up to the next one;
    `<!-- file FILE -->` the whole file as a block of code.

    Raises:
        ValueError: no such heading.
    """

    def section(found):
        source = root / found[1]
        body = under(source.read_text(encoding="utf-8"), found[2])
        if body is None:
            raise ValueError(f"{page}: {found[1]} has no heading {found[2]!r}")
        return relink(body, found[1], page)

    def block(found):
        path = root / found[1]
        return f"```{path.suffix[1:]}\n{path.read_text(encoding='utf-8').strip()}\n```"

    return _FILE.sub(block, _SECTION.sub(section, text))


def under(text, heading):
    """What stands between a heading and the next one; None without such a heading."""
    parts = _FENCE.split(text)
    hidden = "".join(re.sub(r"[^\n]", " ", p) if i % 2 else p for i, p in enumerate(parts))
    found = re.search(rf"^#+ {re.escape(heading)}$", hidden, re.MULTILINE)
    if found is None:
        return None
    end = re.compile(r"^#+ ", re.MULTILINE).search(hidden, found.end())
    return text[found.end() : end.start() if end else None].strip()


def _without_empty(text):
    return re.sub(r"!?\[([^\]]*)\]\(\)", r"\1", text)
