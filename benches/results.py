"""Tables of results, and whether they reach their thresholds."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ABI3", "BUILDS", "OURS", "Row", "Table"]

OURS, ABI3 = "ours", "abi3"
BUILDS = (OURS, ABI3)


@dataclass(frozen=True)
class Row:
    """One case.

    Attributes:
        case: What was done.
        values: What each target took, in the table's unit.
        ratios: What the table is about, of this package and of its abi3 build.
        thresholds: What those should reach; none for a row that has no threshold.
        also: Further ratios, by what they say.
    """

    case: str
    values: dict[str, float]
    ratios: dict[str, float] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    also: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The answer to one question.

    Attributes:
        title: The question.
        unit: Of the values.
        ratio: What the ratios say.
        is_floor: Whether a threshold is the least that its ratio should be, or the most.
        rows: One a case.
    """

    title: str
    unit: str
    ratio: str
    is_floor: bool
    rows: list[Row]

    def is_met(self, row: Row, build: str) -> bool:
        """Whether a row's ratio reaches its threshold."""
        ratio, threshold = row.ratios[build], row.thresholds[build]
        return ratio >= threshold if self.is_floor else ratio <= threshold

    def missed(self) -> list[str]:
        """Return a line for each threshold that is not reached."""
        sign = ">=" if self.is_floor else "<="
        return [
            f"{self.title}: {row.case}: {build} {row.ratios[build]:.2f}, not {sign} {threshold:g}"
            for row in self.rows
            for build, threshold in row.thresholds.items()
            if not self.is_met(row, build)
        ]
