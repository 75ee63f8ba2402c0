"""What MkDocs calls while it builds the site; see `mkdocs.yml`."""

import functools
import posixpath

from mkdocs.structure.files import File, InclusionLevel

from docs.hooks import api, entries, figure, formulas, method_page, pages, results


def on_files(files, config):
    """Add the pages that are written elsewhere: cards, changes, the API."""
    for source, page in pages.taken().items():
        inclusion = InclusionLevel.UNDEFINED
        if page.startswith("zoo/") and page != "zoo/index.md":
            inclusion = InclusionLevel.NOT_IN_NAV
        content = pages.relink((pages.ROOT / source).read_text(encoding="utf-8"), source, page)
        if page == "zoo/index.md":
            content = f"---\nhide: [toc]\n---\n<div class=wide markdown>\n\n{content}\n</div>\n"
        files.append(File.generated(config, page, content=content, inclusion=inclusion))
    files.append(File.generated(config, "api/keras_hashing.md", content=api.front_page()))
    for part in api.parts():
        files.append(File.generated(config, f"api/{part}.md", content=api.page(part)))
    files.append(File.generated(config, "styles/math.ttf", abs_src_path=str(formulas.font())))
    return files


def on_page_markdown(markdown, page, config, files):
    """Take in what stands elsewhere, and the figures of a method's page."""
    uri = page.file.src_uri
    if page.file.generated_by is None:
        markdown = pages.relink(markdown, f"docs/{uri}", uri)
        markdown = pages.include(markdown, uri)
    if method_page.MARK in markdown:
        name = posixpath.basename(uri).removesuffix(".md")
        runs, elsewhere, cards = _data()
        markdown = method_page.fill(markdown, name, runs, elsewhere, cards, figure.draw)
    return markdown


def on_page_content(html, page, config, files):
    """Formulas."""
    return formulas.to_mathml(html)


@functools.cache
def _data():
    return results.read_runs(), results.read_elsewhere(), entries.read_entries()
