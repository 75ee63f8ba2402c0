"""Pages of the API reference: every public name, listed from the package's own lists."""

import ast
import pathlib

PACKAGE = pathlib.Path(__file__).parents[2] / "keras_hashing"


def parts():
    """Parts of the package that have a page of their own, sorted.

    The names that `import keras_hashing` has itself stand on the page `keras_hashing`, so a part
    without others has none.
    """
    modules = _assigned(PACKAGE / "__init__.py", "_MODULES")
    return sorted(part for part in modules if names_of(part) != [])


def names_of(part):
    """The names that a folder's page shows; None for a module, which is shown whole."""
    path = PACKAGE / part / "__init__.py"
    if not path.is_file():
        return None
    homes = _assigned(PACKAGE / "__init__.py", "_NAMES")
    names = [name for name in _assigned(path, "__all__") if homes.get(name) != part]
    return sorted(names, key=str.lower)


def page(part):
    """Markdown of a part's page, for mkdocstrings."""
    path = PACKAGE / part / "__init__.py"
    if not path.is_file():
        return f"# `keras_hashing.{part}`\n\n::: keras_hashing.{part}\n"
    title, *rest = _docstring(path).split("\n", 1)
    lines = [f"# `keras_hashing.{part}`", title, *rest]
    lines += [f"::: keras_hashing.{part}.{name}" for name in names_of(part)]
    return "\n\n".join(lines) + "\n"


def front_page():
    """Markdown of the page of the package's own names."""
    path = PACKAGE / "__init__.py"
    homes = _assigned(path, "_NAMES")
    lines = ["# `keras_hashing`", _docstring(path)]
    lines += [
        "The parts have pages of their own: " + ", ".join(f"[`{p}`]({p}.md)" for p in parts())
    ]
    lines += [f"::: keras_hashing.{home}.{name}" for name, home in sorted(homes.items())]
    return "\n\n".join(lines) + "\n"


def _docstring(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def _assigned(path, name):
    """The literal that a module assigns to a name."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            return ast.literal_eval(node.value)
    raise ValueError(f"{path} assigns nothing to {name}")
