"""What is generated on a method's page: the curve, the tables of figures, the zoo's entries."""

from docs.hooks import entries, results

MARK = "<!-- figures -->"

_PROTOCOL = (
    "CIFAR-10 under `cifar10-s1`: 1,000 queries against 54,000 images, trained on 5,000 others; a "
    "head on features of a frozen EfficientNet-Lite0 at 224 px. mAP over the whole database, the "
    "mean over all orders of equal distances, and over seeds; "
    "[how settings were chosen](../methods.md). Grey: all other methods."
)
_BACKBONES = (
    "Backbones differ, so these say that an implementation works, not that it is better than its "
    "paper."
)
_NOTHING = "No figure of this method was found in a source that could be read."


def fill(text, name, runs, elsewhere, cards, draw):
    """A page whose mark is replaced by the method's figures.

    Args:
        text: str, Markdown with `MARK` on a line.
        name: str, the method.
        runs, elsewhere, cards: as `results` and `entries` read them.
        draw: function of runs and name that gives an SVG.

    Raises:
        ValueError: a method without a run.
    """
    ours = results.by_length(runs, name)
    if not ours:
        raise ValueError(f"docs/results/methods.csv has no test run of {name}.")
    parts = ["## Figures", f"<figure>{draw(runs, name)}</figure>", _PROTOCOL, ours]
    if others := results.other_protocols(runs, name):
        parts += ["Under other protocols:", others]
    parts += ["## Published", *_published(runs, elsewhere, name)]
    if found := entries.of_method(cards, name):
        parts += ["## In the zoo", found]
    return text.replace(MARK, "\n\n".join(parts))


def _published(runs, elsewhere, name):
    beside = results.beside_published(runs, name)
    others = results.published_elsewhere(elsewhere, name)
    parts = [beside, _BACKBONES] if beside else []
    if others:
        parts += [
            "On data or under protocols that were not run here:"
            if beside
            else "None under a protocol that was run here. Others:",
            others,
        ]
    return parts or [_NOTHING]
