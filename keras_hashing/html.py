"""Facts of an object for `__repr__`, as lines, and for `_repr_html_`, as a table of HTML."""

from html import escape


def table(rows, header=None, caption=None):
    """A table of HTML; every text in it is escaped.

    Args:
        rows: iterable of rows, each an iterable of values; a value is shown as `str` gives it.
        header: iterable of column titles, or None for a table without a line of titles; the first
            cell of every row is then its title.
        caption: text above the table, or None.

    Returns:
        str, HTML.

    Example:
        >>> table([("bits", 64), ("name", "<b>")], caption="Index")
        '<table><caption>Index</caption><tbody><tr><th>bits</th><td>64</td></tr><tr><th>name</th><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    parts = ["<table>"]
    if caption is not None:
        parts.append(f"<caption>{escape(str(caption))}</caption>")
    if header is not None:
        parts.append(f"<thead><tr>{_cells(header, 'th')}</tr></thead>")
    parts.append("<tbody>")
    for row in rows:
        first, *rest = row
        title = _cells([first], "td" if header is not None else "th")
        parts.append(f"<tr>{title}{_cells(rest, 'td')}</tr>")
    parts.append("</tbody></table>")
    return "".join(parts)


def lines(rows, title):
    """Pairs of a name and a value as lines of text below a title.

    Args:
        rows: iterable of pairs; a value is shown as `str` gives it.
        title: str.

    Returns:
        str of one line and one for each pair.

    Example:
        >>> print(lines([("items", 3), ("backend", "exact")], "Index of 64 bits"))
        Index of 64 bits
          items: 3
          backend: exact
    """
    return "\n".join([title, *(f"  {name}: {value}" for name, value in rows)])


def _cells(values, tag):
    return "".join(f"<{tag}>{escape(str(value))}</{tag}>" for value in values)
