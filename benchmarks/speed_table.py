"""The table of `speed.py`: what was measured beside what must and what should be reached."""

from typing import Any

HEAD = "| work | measured | must | aim | kept? |\n|---|---|---|---|---|"
LEARNED = "| trained by | reconstruction error | pseudo-log-likelihood, nats a row |\n|---|---|---|"


def reaches(row: dict[str, Any], limit: str) -> bool:
    """Whether the median is on the right side of a limit; False if the row has no such limit."""
    if row[limit] is None or row["measured"] is None:
        return False
    median = row["measured"]["median"]
    return median >= row[limit] if row["at_least"] else median <= row[limit]


def fails(row: dict[str, Any]) -> bool:
    """Whether the row has been measured and is not what it must be."""
    return None not in (row["measured"], row["must"]) and not reaches(row, "must")


def verdict(row: dict[str, Any]) -> str:
    """The last column."""
    if row["measured"] is None:
        return "not measured"
    if fails(row):
        return "NO"
    if reaches(row, "aim"):
        return "the aim"
    return "yes" if row["must"] is not None else "–"


def cells(row: dict[str, Any]) -> list[str]:
    """The five columns of a row."""
    sign, digits = ("≥", 1) if row["at_least"] else ("≤", 2)
    must, aim = ("–" if row[key] is None else f"{sign} {row[key]:g}" for key in ("must", "aim"))
    measured = "–"
    if row["measured"] is not None:
        median, low, high = (f"{row['measured'][k]:.{digits}f}" for k in ("median", "low", "high"))
        measured = f"{median} ({low} to {high})"
    return [row["work"], measured, must, aim, verdict(row)]


def plain(row: dict[str, Any]) -> str:
    """A row for the terminal."""
    work, measured, must, aim, kept = cells(row)
    return f"{work:69s} {measured:21s} must {must:6s} aim {aim:6s} {kept}"


def markdown(found: dict[str, Any]) -> str:
    """All rows, what the machines have learned, and where it was measured."""
    parts = [HEAD, *(f"| {' | '.join(cells(row))} |" for row in found["rows"])]
    if found["learned"]:
        parts += ["", LEARNED]
        parts += [
            f"| {who} | {score['reconstruction_error']:.4f} "
            f"| {score['pseudo_log_likelihood']:.1f} |"
            for who, score in found["learned"].items()
        ]
    machine, threads = found["machine"], found["threads"]
    on = ", ".join(f"{share:.0%} of the {layer} units" for layer, share in found["on"].items())
    parts += [
        "",
        f"Median over {found['rounds']} rounds (80 % of the rounds). {machine['processor']}, "
        f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}, "
        f"NumPy {machine['numpy']}, numba {machine['numba']} ({threads['layer']}), "
        f"{threads['numba']} threads" + (f"; {found['data']}, {on} on." if on else "."),
    ]
    return "\n".join(parts)
