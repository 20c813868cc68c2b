"""Charts as SVG that stand alone: bars beside their limit, readable by those who hear them read out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LEFT, _RIGHT, _ROW, _TOP = 720, 250, 70, 26, 56
_COLOURS = {True: "#a4262c", False: "#0b5cad", None: "#8a8886"}
_SAYS = {True: "beyond the limit", False: "within the limit", None: "not known"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, how long it is (None: not known), and whether it is beyond the limit."""

    name: str
    value: float | None
    beyond: bool | None


def bars(title: str, rows: Sequence[Bar], *, limit: float | None = None, limit_says: str = "limit") -> str:
    """Return a chart of *rows*, one below the other on a scale from zero, with a line at *limit*."""
    height = _TOP + _ROW * max(len(rows), 1) + 36
    most = max([one.value or 0.0 for one in rows] + [limit or 0.0]) or 1.0
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    told = "; ".join(f"{one.name}: {_figure(one.value)}, {_SAYS[one.beyond]}" for one in rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t d" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(told)}</desc>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="16" y="28" font-size="16" font-weight="600" fill="#242424">{escape(title)}</text>',
    ]
    for at, one in enumerate(rows):
        parts += _bar(one, _TOP + at * _ROW, scale)
    if limit is not None:
        x = round(_LEFT + limit * scale, 1)
        end = _TOP + _ROW * max(len(rows), 1)
        parts.append(f'<path d="M{x} {_TOP - 6}V{end + 4}" stroke="#242424" stroke-dasharray="4 3"/>')
        parts.append(
            f'<text x="{x}" y="{end + 20}" text-anchor="middle" fill="#242424">{escape(limit_says)} {limit:g}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(one: Bar, y: float, scale: float) -> list[str]:
    long = round((one.value or 0.0) * scale, 1)
    name = one.name if len(one.name) <= 34 else one.name[:33] + "…"
    return [
        f'<text x="{_LEFT - 10}" y="{y + 16}" text-anchor="end" fill="#242424">{escape(name)}</text>',
        f'<rect x="{_LEFT}" y="{y + 3}" width="{max(long, 1)}" height="{_ROW - 9}" rx="2" fill="{_COLOURS[one.beyond]}"/>',
        f'<text x="{_LEFT + long + 6}" y="{y + 16}" fill="#242424">{_figure(one.value)}{"" if one.beyond is False else " (" + _SAYS[one.beyond] + ")" if one.beyond is None else " !"}</text>',
    ]


def _figure(value: float | None) -> str:
    return "not known" if value is None else format(value, ".3g")


@dataclass(frozen=True, slots=True)
class Spot:
    """One thing on a heat map: what it is called, and where it stands."""

    name: str
    likelihood: int
    impact: int


_LEVELS = {"low": "#c7e0b4", "medium": "#fde9a9", "high": "#f6b78f", "critical": "#e58a8a"}
_CELL, _MAP_LEFT, _MAP_TOP = 110, 110, 56
_MOST_NAMES = 3


def heat_map(title: str, spots: Sequence[Spot], levels: Sequence[Sequence[str]]) -> str:
    """Return a 5 by 5 map: likelihood upwards, impact to the right, each cell in the colour of its level.

    *levels* names the level of each cell, by likelihood and then by impact, from the lowest on.
    """
    width, height = _MAP_LEFT + 5 * _CELL + 24, _MAP_TOP + 5 * _CELL + 60
    told = "; ".join(
        f"{one.name}: likelihood {one.likelihood}, impact {one.impact}, {levels[one.likelihood - 1][one.impact - 1]}"
        for one in spots
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d" '
        'font-family="system-ui, sans-serif" font-size="12">',
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(told or "nothing")}</desc>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="16" y="28" font-size="16" font-weight="600" fill="#242424">{escape(title)}</text>',
    ]
    for likelihood in range(1, 6):
        for impact in range(1, 6):
            here = [one.name for one in spots if (one.likelihood, one.impact) == (likelihood, impact)]
            parts += _cell(likelihood, impact, levels[likelihood - 1][impact - 1], here)
    bottom = _MAP_TOP + 5 * _CELL
    for step in range(1, 6):
        x, y = _MAP_LEFT + (step - 0.5) * _CELL, _MAP_TOP + (5.5 - step) * _CELL
        parts.append(f'<text x="{x:g}" y="{bottom + 20}" text-anchor="middle" fill="#242424">{step}</text>')
        parts.append(f'<text x="{_MAP_LEFT - 14}" y="{y:g}" text-anchor="end" fill="#242424">{step}</text>')
    parts.append(
        f'<text x="{_MAP_LEFT + 2.5 * _CELL:g}" y="{bottom + 44}" text-anchor="middle" fill="#242424">impact</text>'
    )
    parts.append(f'<text x="16" y="{_MAP_TOP + 2.5 * _CELL:g}" fill="#242424">likelihood</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _cell(likelihood: int, impact: int, level: str, names: Sequence[str]) -> list[str]:
    x, y = _MAP_LEFT + (impact - 1) * _CELL, _MAP_TOP + (5 - likelihood) * _CELL
    drawn = [
        f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{_LEVELS[level]}" stroke="#fff" stroke-width="2"/>',
        f'<text x="{x + 8}" y="{y + 18}" fill="#605e5c">{level}</text>',
    ]
    if names:
        drawn.append(
            f'<text x="{x + _CELL - 8}" y="{y + 20}" text-anchor="end" font-size="16" font-weight="600" '
            f'fill="#242424">{len(names)}</text>'
        )
    shown = [
        *names[:_MOST_NAMES],
        *([f"and {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []),
    ]
    for line, name in enumerate(shown):
        short = name if len(name) <= 17 else name[:16] + "…"
        drawn.append(f'<text x="{x + 8}" y="{y + 42 + line * 17}" fill="#242424">{escape(short)}</text>')
    return drawn
