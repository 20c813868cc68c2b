"""A small line chart as SVG, readable in light and dark pages and by those who hear it read out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 300, 64, 24, 44, 52
INK, PAPER, COLOURS = "#333", "#fff", ("#0b5cad", "#b3541e", "#3b7a2a")


def lines(
    title: str, places: Sequence[str], rows: Mapping[str, Sequence[float]], *, unit: str, below: str
) -> str:
    """Return a chart of *rows* over evenly spaced *places*; the axis starts at zero, so that flat looks flat."""
    top = _round_up(max(max(values) for values in rows.values()))
    told = "; ".join(
        f"{name}: {', '.join(f'{one:,.0f}' for one in values)} {unit}" for name, values in rows.items()
    )
    described = f"At {', '.join(places)} {below}. {told}."
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d" '
        'font-family="sans-serif" font-size="12">',
        f'<title id="t">{escape(title)}</title>',
        f'<desc id="d">{escape(described)}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        *_axes(places, top, unit, below),
    ]
    for number, (name, values) in enumerate(rows.items()):
        parts += _line(
            name, [_point(at, len(places), value / top) for at, value in enumerate(values)], number
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _point(at: int, count: int, part: float) -> tuple[float, float]:
    x = LEFT + (WIDTH - LEFT - RIGHT) * (at + 0.5) / count
    return round(x, 1), round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part, 1)


def _axes(places: Sequence[str], top: float, unit: str, below: str) -> list[str]:
    parts = []
    for step in range(5):
        y = _point(0, 1, step / 4)[1]
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#ccc"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{top * step / 4:,.0f} {unit}", "end"))
    for at, place in enumerate(places):
        parts.append(_text(_point(at, len(places), 0)[0], HEIGHT - BOTTOM + 18, place, "middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, below, "middle"))
    return parts


def _line(name: str, points: Sequence[tuple[float, float]], number: int) -> list[str]:
    colour, x = COLOURS[number], LEFT + 200 * number
    path = "L".join(f"{one} {two}" for one, two in points)
    dots = [f'<circle cx="{one}" cy="{two}" r="4" fill="{colour}"/>' for one, two in points]
    sign = f'<path d="M{x} 20h24" stroke="{colour}" stroke-width="3"/>'
    return [
        f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *dots,
        sign,
        _text(x + 30, 24, name, "start"),
    ]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{INK}">{escape(text)}</text>'


def _round_up(value: float) -> float:
    """Return the next number a person would mark an axis with."""
    unit = 10 ** math.floor(math.log10(value))
    return next(step * unit for step in (1, 2, 4, 8, 10) if step * unit >= value)
