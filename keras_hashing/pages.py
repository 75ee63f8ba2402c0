"""Pages from templates, all with one style sheet, `page.css` beside this module."""

import pathlib

import jinja2
import markupsafe

STYLE = pathlib.Path(__file__).with_name("page.css")


def render(package, template, **values):
    """HTML of a template, with the style sheet inside it where it says `{{ style }}`.

    Args:
        package: str, the package whose folder `templates` has it, such as
            "keras_hashing.photos".
        template: str, its file name there.
        **values: what the template names. Text is escaped unless the template says `|safe`.

    Returns:
        str, the page.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    style = markupsafe.Markup(STYLE.read_text(encoding="utf-8"))
    return environment.get_template(template).render(style=style, **values)
