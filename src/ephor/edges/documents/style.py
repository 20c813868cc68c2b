"""How a document looks on a screen and on paper (A4)."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[^A-Za-z0-9 .,()-]")
SHEET = """
:root { --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --fill: #f6f8fa; --link: #0b5cad; --gap: #9a6700; --gapfill: #fff8e6; }
* { box-sizing: border-box; }
html { font: 16px/1.55 Georgia, "Times New Roman", serif; color: var(--ink); background: #fff; }
body { max-width: 46rem; margin: 2.5rem auto 4rem; padding: 0 1.25rem; overflow-wrap: break-word; }
h1, h2, h3, h4, th, .cover, nav, .gap, .refs, .sub, footer { font-family: "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .7rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
h4 { font-size: 1rem; margin: 1.3rem 0 .4rem; }
h2 .cite, h3 .cite, h4 .cite { font-weight: 400; font-size: .8em; color: var(--quiet); margin-left: .5em; }
.no { display: inline-block; min-width: 2.2em; color: var(--quiet); font-weight: 400; }
.sub { font-size: 1.1rem; color: var(--quiet); margin: 0 0 1.4rem; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1.2rem; font-size: .88rem; line-height: 1.4; }
caption { text-align: left; font-weight: 600; padding: .2rem 0 .35rem; font-family: "Segoe UI", system-ui, Arial, sans-serif; }
th, td { overflow-wrap: anywhere; text-align: left; vertical-align: top; padding: .38rem .55rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--fill); font-size: .8rem; border-bottom: 2px solid var(--line); }
.cover { border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); font-size: .85rem; }
.cover th { width: 11rem; font-weight: 600; } .cover th, .cover td { border: 0; padding: .22rem .55rem .22rem 0; }
.note { font-style: italic; color: var(--quiet); }
dl { display: grid; grid-template-columns: minmax(8rem, 13rem) minmax(0, 1fr); gap: .3rem 1rem; margin: .5rem 0 1.1rem; }
dt { font-weight: 600; font-size: .88rem; padding-top: .1rem; font-family: "Segoe UI", system-ui, Arial, sans-serif; } dd { margin: 0; overflow-wrap: anywhere; }
nav ol { list-style: none; padding: 0; margin: .4rem 0 0; columns: 2; column-gap: 2rem; font-size: .9rem; }
nav li { break-inside: avoid; padding: .1rem 0; } nav .d2 { padding-left: 1.4em; } nav .d3 { padding-left: 2.8em; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
sup { font-family: system-ui, Arial, sans-serif; font-size: .68em; line-height: 0; } sup a { padding: 0 .12em; }
.gap { border-left: 3px solid var(--gap); background: var(--gapfill); padding: .5rem .8rem; margin: .6rem 0 1rem; font-size: .88rem; }
.gap b { color: var(--gap); font-weight: 600; } .gap .how { display: block; color: var(--quiet); margin-top: .15rem; }
.open { font-size: .9rem; } .open li { margin: .15rem 0; }
figure { margin: 1rem 0 1.3rem; } figure img { max-width: 100%; height: auto; display: block; }
.refs { font-size: .8rem; color: var(--quiet); padding-left: 2.4em; } .refs li { margin: .12rem 0; } .refs code { color: var(--ink); }
code { font: .92em ui-monospace, "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } nav ol { columns: 1; } table { display: block; overflow-x: auto; } }
@page { size: A4; margin: 20mm 18mm 20mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt system-ui, Arial; color: #59636e; }
  @bottom-left { content: "%RUNNING%"; font: 8pt system-ui, Arial; color: #59636e; } }
@media print { html { font-size: 10.5pt; } body { max-width: none; margin: 0; padding: 0; }
  h2, h3, h4, caption { break-after: avoid; } tr, figure, .gap, dt, dd, li { break-inside: avoid; } thead { display: table-header-group; }
  a { color: inherit; } .gap, thead th { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def sheet(running: str) -> str:
    r"""Return the style sheet with *running* at the foot of every page.

    >>> '"a\\00003c /style"' in sheet("a</style").replace("\\00002f ", "/")
    True
    """
    return SHEET.replace("%RUNNING%", _PLAIN.sub(lambda found: f"\\{ord(found[0]):06x} ", running))
