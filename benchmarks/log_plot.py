"""A plot with two logarithmic axes as SVG, one panel beside the other."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 220, 60, 40, 70
COLOURS = ("#b5483a", "#3a6db5", "#2e8b57", "#8a6d3b")


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name and its points (x, y), both above 0."""

    name: str
    points: list[tuple[float, float]]


def draw(panels: Mapping[str, Sequence[Series]], x_label: str, y_label: str) -> str:
    """The SVG of one panel for each name, all on the same scales."""
    points = [point for series in panels.values() for one in series for point in one.points]
    spans = [_span([point[axis] for point in points]) for axis in (0, 1)]
    width = LEFT + len(panels) * (WIDTH + GAP)
    height = TOP + HEIGHT + 50
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for place, (name, series) in enumerate(panels.items()):
        parts += _panel(LEFT + place * (WIDTH + GAP), name, series, spans, x_label, y_label)
    return "\n".join([*parts, "</svg>", ""])


def _span(values: list[float]) -> tuple[float, float]:
    """The powers of ten around all values, as logarithms."""
    return math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))


def _panel(
    left: int,
    name: str,
    series: Sequence[Series],
    spans: list[tuple[float, float]],
    x_label: str,
    y_label: str,
) -> list[str]:
    def x(value: float) -> float:
        low, high = spans[0]
        return left + WIDTH * (math.log10(value) - low) / (high - low)

    def y(value: float) -> float:
        low, high = spans[1]
        return TOP + HEIGHT * (1 - (math.log10(value) - low) / (high - low))

    parts = [f'<text x="{left}" y="{TOP - 18}" font-weight="bold">{escape(name)}</text>']
    for power in range(int(spans[0][0]), int(spans[0][1]) + 1):
        at = x(10**power)
        parts.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{TOP + HEIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{at:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{10**power:,}</text>')
    for power in range(int(spans[1][0]), int(spans[1][1]) + 1):
        at = y(10**power)
        parts.append(f'<line x1="{left}" y1="{at:.1f}" x2="{left + WIDTH}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{10**power:,}</text>')
    for one, colour in zip(series, COLOURS, strict=False):
        line = " ".join(f"{x(px):.1f},{y(py):.1f}" for px, py in one.points)
        last_x, last_y = one.points[-1]
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x(px):.1f}" cy="{y(py):.1f}" r="3" fill="{colour}"/>' for px, py in one.points
        ]
        parts.append(
            f'<text x="{x(last_x) + 6:.1f}" y="{y(last_y) + 4:.1f}" fill="{colour}">{one.name}</text>'
        )
    centre = left + WIDTH / 2
    parts.append(f'<text x="{centre}" y="{TOP + HEIGHT + 36}" text-anchor="middle">{escape(x_label)}</text>')
    parts.append(f'<text x="{left}" y="{TOP - 4}" font-size="10">{escape(y_label)}</text>')
    return parts
