"""`Table` and `Row`: measured figures, and whether they meet their thresholds."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ABI3", "BUILDS", "OURS", "PLAIN", "Row", "Table"]

# The build with a profile, as in the wheels; the one of `pip install .`; the abi3 wheel.
OURS, PLAIN, ABI3 = "ours", "plain", "abi3"
BUILDS = (OURS, PLAIN, ABI3)


@dataclass(frozen=True)
class Row:
    """The figures of one case.

    Attributes:
        case: What was measured.
        values: Target name to figure, in the table's unit.
        ratios: Build name to the figure that the table compares with its threshold. It is a ratio
            to a baseline, or for a few tables an absolute value: see `Table.ratio`.
        thresholds: Build name to the threshold of its ratio. Default: no threshold.
        also: Label to a further ratio, which has no threshold. Default: none.
    """

    case: str
    values: dict[str, float]
    ratios: dict[str, float] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    also: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The results of one benchmark.

    Attributes:
        title: A heading.
        explanation: What the figures are and how to read the ratio, for a reader who sees nothing
            but this table.
        unit: The unit of all values.
        ratio: The heading of the ratios.
        higher_is_better: True if a ratio must be at least its threshold, False if at most.
        rows: One for each case.
    """

    title: str
    explanation: str
    unit: str
    ratio: str
    higher_is_better: bool
    rows: list[Row]

    def is_met(self, row: Row, build: str) -> bool:
        """Return whether a build's ratio meets its threshold."""
        ratio, threshold = row.ratios[build], row.thresholds[build]
        return ratio >= threshold if self.higher_is_better else ratio <= threshold

    def missed(self) -> list[str]:
        """Return one line of text for each threshold that was missed."""
        sign = ">=" if self.higher_is_better else "<="
        return [
            f"{self.title} / {row.case} / {build}: "
            f"{self.ratio} is {row.ratios[build]:.2f}, threshold {sign} {threshold:g}"
            for row in self.rows
            for build, threshold in row.thresholds.items()
            if not self.is_met(row, build)
        ]
