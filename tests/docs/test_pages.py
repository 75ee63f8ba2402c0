"""Links and sections that the site takes from the repository's other files."""

import pytest

from docs.hooks import pages


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("docs/audit.md", "audit.md"),
        ("docs/methods/dhn.md", "methods/dhn.md"),
        ("docs/results/methods.csv", "results/methods.csv"),
        ("README.md", "index.md"),
        ("zoo/RESULTS.md", "zoo/index.md"),
        ("zoo/entries/dhn_cifar10_48/README.md", "zoo/dhn_cifar10_48.md"),
        ("keras_hashing/losses/pairwise.py", "api/losses.md"),
        ("keras_hashing/codes.py", "api/codes.md"),
        ("keras_hashing/index/index.py", "api/keras_hashing.md"),
        ("NOTICE", None),
    ],
)
def test_page_of_a_file(path, page):
    assert pages.page_of(path) == page


@pytest.mark.parametrize(
    ("text", "source", "page", "expected"),
    [
        ("[a](docs/audit.md#ties)", "README.md", "index.md", "[a](audit.md#ties)"),
        ("[a](docs/audit.md)", "README.md", "methods/index.md", "[a](../audit.md)"),
        ("![a](docs/demo.png)", "README.md", "index.md", "![a](demo.png)"),
        ("[a](../zoo/RESULTS.md)", "docs/train.md", "train.md", "[a](zoo/index.md)"),
        ("[a](../audit.md)", "docs/methods/dhn.md", "methods/dhn.md", "[a](../audit.md)"),
        ("[a](#here)", "docs/audit.md", "audit.md", "[a](#here)"),
        ("[a](https://x.org/y.md)", "README.md", "index.md", "[a](https://x.org/y.md)"),
        ("see [NOTICE](NOTICE).", "README.md", "index.md", "see NOTICE."),
        ("```\n[a](NOTICE)\n```", "README.md", "index.md", "```\n[a](NOTICE)\n```"),
    ],
)
def test_links_lead_to_pages(text, source, page, expected):
    assert pages.relink(text, source, page) == expected


TEXT = """# One

First.

```
# no heading
```

## Two

Second, see [three](docs/three.md).
"""


def test_what_stands_under_a_heading():
    assert pages.under(TEXT, "One") == "First.\n\n```\n# no heading\n```"
    assert pages.under(TEXT, "Two") == "Second, see [three](docs/three.md)."
    assert pages.under(TEXT, "no heading") is None


def test_sections_and_files_are_taken_in(tmp_path):
    (tmp_path / "README.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "a.toml").write_text("x = 1\n", encoding="utf-8")
    text = "before\n\n<!-- from README.md: Two -->\n\n<!-- file a.toml -->\nafter"
    assert pages.include(text, "sub/page.md", tmp_path) == (
        "before\n\nSecond, see [three](../three.md).\n\n```toml\nx = 1\n```\nafter"
    )
    with pytest.raises(ValueError, match=r"sub/page\.md: README\.md has no heading 'Four'"):
        pages.include("<!-- from README.md: Four -->", "sub/page.md", tmp_path)


def test_every_card_is_a_page():
    taken = pages.taken()
    cards = {path.parent.name for path in pages.ROOT.glob("zoo/entries/*/README.md")}
    assert {f"zoo/{name}.md" for name in cards} | {"zoo/index.md"} <= set(taken.values())
    assert len(set(taken.values())) == len(taken)
    assert all((pages.ROOT / path).is_file() for path in taken)
