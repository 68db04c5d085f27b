"""Pages that stand alone: escaped text, real tables, and a policy that lets nothing in and nothing out."""

from __future__ import annotations

import base64
import hashlib
import html
import unicodedata
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Final, NamedTuple

UNSEEN: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands for characters that cannot be seen and change what is read beside them."""
_ONE_LINE: Final = 26
"""Letters."""
_VOID: Final = frozenset({"input"})
_TURNING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u2028\u2029"
)


class Script(NamedTuple):
    """A script that a page runs, known by its hash; or, with an ``island``, data under that id, which is never run."""

    code: str
    island: str = ""


def plain(text: object) -> str:
    """Return text as one line that reads the same everywhere: no control, no turning of direction, no half character.

    >>> plain("Elm" + chr(9) + "Road"), plain("a" + chr(0x202E) + "b") == "a" + UNSEEN + "b"
    ('Elm Road', True)
    """
    return "".join(" " if c in "\t\n\r" else UNSEEN if _is_unseen(c) else c for c in str(text))


def _is_unseen(character: str) -> bool:
    return character in _TURNING or unicodedata.category(character) in ("Cc", "Cs")


def escaped(text: object) -> str:
    """Return plain text that is safe between tags and inside a quoted attribute.

    >>> escaped('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return html.escape(plain(text), quote=True)


def tag(name: str, *inside: str, **attributes: str) -> str:
    """Return an element. What is inside is markup already; attributes are text and are escaped.

    ``class_`` and ``for_`` stand for the names that Python keeps for itself; ``_`` in a name stands for ``-``.

    >>> tag("p", escaped("a < b"), class_="note")
    '<p class="note">a &lt; b</p>'
    """
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{escaped(text)}"' for key, text in attributes.items())
    return f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{''.join(inside)}</{name}>"


def paragraphs(sentences: Iterable[str]) -> str:
    """Return each sentence as a paragraph."""
    return "".join(tag("p", escaped(sentence)) for sentence in sentences)


def bullets(sentences: Sequence[str]) -> str:
    """Return sentences as a list; empty text for none."""
    return tag("ul", *(tag("li", escaped(sentence)) for sentence in sentences)) if sentences else ""


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, codes: bool = False, stacked: bool = False
) -> str:
    """Return a table with caption and scopes, in a frame that scrolls by keyboard where a screen is narrow.

    Parameters
    ----------
    caption : str
    heads : sequence of str
    rows : iterable of sequences of str
        Texts, one a head.
    codes : bool
        Whether cells hold long codes, which may break anywhere. The first cell of a row names it.
    stacked : bool
        Whether each row becomes a block of lines on a narrow screen, every cell under the name of its column: for a
        few rows of long texts. It stays a table to a screen reader.
    """
    head = tag("tr", *(tag("th", escaped(text), scope="col") for text in heads), **_role("row", stacked))
    body = []
    for row in rows:
        first = tag("th", escaped(row[0]), scope="row", **_role("rowheader", stacked))
        cells = (_cell(text, name if stacked else "") for name, text in zip(heads[1:], row[1:], strict=True))
        body.append(tag("tr", first, *cells, **_role("row", stacked)))
    inside = tag("caption", escaped(caption)), tag("thead", head), tag("tbody", *body)
    kind = " codes" * codes + " stack" * stacked
    return tag(
        "div", tag("table", *inside, **_role("table", stacked)), class_=f"scroll{kind}", tabindex="0", role="region",
        aria_label=caption,
    )  # fmt: skip


def _role(name: str, stacked: bool) -> dict[str, str]:
    """Return what keeps an element part of a table where its style makes a block of it."""
    return {"role": name} if stacked else {}


def _cell(text: str, column: str) -> str:
    """Return a cell; short ones stay on one line, so that no date and no name is torn."""
    told = {"class_": "one"} if len(text) <= _ONE_LINE else {}
    told |= {"role": "cell", "data_column": column} if column else {}
    return tag("td", escaped(text), **told)


def section(title: str, *inside: str, name: str) -> str:
    """Return a section under a heading that names it; empty text where there is nothing in it."""
    told = "".join(inside)
    return tag("section", tag("h2", escaped(title), id=name), told, aria_labelledby=name) if told else ""


def page(title: str, body: str, *, scripts: Sequence[Script] = (), loose_style: bool = False) -> str:
    """Return a page that needs nothing but itself.

    Parameters
    ----------
    title : str
        Of the window.
    body : str
        Markup.
    scripts : sequence of Script
        Run in order, after the body. Only these run: each is known by its hash, and no text can become markup.
    loose_style : bool
        Whether a script may set styles of its own. What it sets cannot fetch: images, fonts and files are barred.

    Notes
    -----
    The policy stands first in the head: ``default-src 'none'`` bars every request, hashes name the one style sheet and
    the scripts, and ``trusted-types 'none'`` bars every sink that turns text into markup or script.
    """
    style = read("shared_pages.css")
    policy = content_policy(style, [one.code for one in scripts if not one.island], loose_style=loose_style)
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex, nofollow">'
        f"{tag('title', escaped(title))}<style>{style}</style>"
    )
    run = "".join(_element(script) for script in scripts)
    return f'<!DOCTYPE html>\n<html lang="en-GB"><head>{head}</head><body>{body}{run}</body></html>\n'


def content_policy(style: str, scripts: Sequence[str], *, loose_style: bool) -> str:
    """Return the policy of a page: nothing, but for the style sheet and the scripts whose hashes it names."""
    run = " ".join(_hash(script) for script in scripts) or "'none'"
    # A hash beside 'unsafe-inline' would switch the latter off.
    dress = "'unsafe-inline'" if loose_style else _hash(style)
    return (
        f"default-src 'none'; script-src {run}; style-src {dress}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def read(name: str) -> str:
    """Return a part of pages that is shipped beside this module, with one kind of line end whatever the checkout."""
    return files("riskshare.reporting").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _element(script: Script) -> str:
    if script.island:
        return f'<script type="application/json" id="{escaped(script.island)}">{script.code}</script>'
    return f"<script>{script.code}</script>"


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
