"""An audit as tables of text, for the terminal and for the page."""

# Columns whose cells are numbers.
NUMERIC = frozenset(
    (
        *("value", "queries cut", "bucket", "places by tie order"),
        *("worst", "expected", "best", "database order", "left out", "as 0"),
    )
)


CONVENTIONS = (
    "The same codes under every convention; queries with nothing relevant left out, or as 0"
)


def headline(audit):
    """Sizes, and who searched, in a line."""
    text = f"{audit.items:,} code{'' if audit.items == 1 else 's'} of {audit.bits} bits"
    return f"{text}; {audit.queries:,} queries, {audit.queries_are}" if audit.queries else text


def tables(audit):
    """Tuples of title, column names and rows of str; those without data are left out."""
    found: list = [("Codes and bits", ("what", "value", "meaning"), _figures(audit))]
    if audit.ties:
        ties = ("cutoff", "queries cut", "bucket", "places by tie order")
        title = "Ties at the usual cutoffs: share of queries whose cutoff falls inside a bucket"
        found.append((title, ties, [_tie_row(at) for at in audit.ties]))
    if audit.tie_range:
        orders = ("figure", "worst", "expected", "best", "database order")
        rows = [
            (name, *(f"{v:.4f}" for v in (s.worst, s.expected, s.best, s.index)))
            for name, s in audit.tie_range.items()
        ]
        found.append(("What tie order alone makes of mAP", orders, rows))
    if audit.conventions:
        named = ("convention", "left out", "as 0", "database order", "used by")
        rows = [
            (row.name, *_convention_cells(row), used_by)
            for row, used_by in zip(audit.conventions, _used_by(audit), strict=True)
        ]
        found.append((CONVENTIONS, named, rows))
    return found


def _convention_cells(row):
    """Figures of a row: queries with nothing relevant left out, and as 0; ties in order."""
    order = "" if row.index is None else f"{row.index:.4f}"
    if row.index_as_zero is not None and row.index_as_zero != row.index:
        order += f", as 0 {row.index_as_zero:.4f}"
    return f"{row.expected:.4f}", "" if row.as_zero is None else f"{row.as_zero:.4f}", order


def _used_by(audit):
    """Who used each convention; what was said before is not said again."""
    first: dict = {}
    for row in audit.conventions:
        name = first.setdefault(row.used_by, row.name)
        yield row.used_by if name == row.name else f"as {name}"


def _figures(audit):
    return [*_leak_rows(audit), *_repetition_rows(audit), *_bit_rows(audit)]


def _leak_rows(audit):
    leaks = audit.leaks
    if leaks is None:
        return
    unknown = "no ids" if leaks.ids is None else f"{leaks.ids:,}"
    yield "queries in the database", unknown, "by id"
    chance, spread = leaks.identical_expected, leaks.identical_spread
    labelled = audit.duplicates.distinct_with_labels is not None
    yield (
        "queries identical to an item",
        f"{leaks.identical:,}",
        f"same code{' and label' if labelled else ''}; chance gives {chance:,.0f} ± {spread:,.0f}",
    )


def _repetition_rows(audit):
    found = audit.duplicates
    yield (
        "different codes",
        f"{found.distinct:,}",
        f"{found.once:,} of one item only; the most frequent has {found.largest:,}",
    )
    if found.mixed is not None:
        yield (
            "items among other labels",
            f"{found.mixed:,}",
            "their code is also that of an item with other labels",
        )
    if found.repeated_ids is not None:
        yield "ids that repeat", f"{found.repeated_ids:,}", ""


def _bit_rows(audit):
    of_bits, entropy = audit.of_bits, audit.entropy
    yield "dead bits", str(len(audit.dead_bits)), _listed(audit.dead_bits)
    repeated = [f"{r.bit} is {'not ' if r.complement else ''}{r.of}" for r in audit.duplicated_bits]
    yield "repeated bits", str(len(repeated)), _listed(repeated)
    low, high = of_bits.balance.min(), of_bits.balance.max()
    yield "balance", f"{of_bits.balance.mean():.3f}", f"share on, by bit {low:.3f} to {high:.3f}"
    yield (
        "entropy of a bit",
        f"{entropy['per_bit']:.3f}",
        f"of 1 bit; the least {of_bits.entropy.min():.3f}",
    )
    yield (
        "entropy of the codes",
        f"{entropy['codes']:.2f}",
        f"bits; {audit.items:,} items could reach {entropy['codes_most']:.2f}",
    )
    yield (
        "correlation of two bits",
        f"{of_bits.correlation_mean:.3f}",
        f"mean, sign aside; the largest {of_bits.correlation_most:.3f}",
    )


def _tie_row(at):
    if at.cutoff is None:
        return "all", "", f"{at.bucket:,.1f}", ""
    return f"{at.cutoff:,}", f"{at.inside:.1%}", f"{at.bucket:,.1f}", f"{at.by_tie_order:,.1f}"


def _listed(values, most=12):
    return ", ".join(map(str, values[:most])) + (", …" if len(values) > most else "")
