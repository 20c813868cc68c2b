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
