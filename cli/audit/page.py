"""The report as one HTML page: it needs nothing from elsewhere, runs nothing, and prints well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from cli.audit.markup import Html, joined, tag, text, void
from cli.audit.section import Line, Section
from cli.audit.sections import sections
from cli.audit.timeline import Timeline
from cli.audit.verdict import DISPOSITION_WORDS, UNSHOWN, counts_words, verdict
from projections.audit.population.tally import RAN
from projections.audit.report import Report, RevisionInForce
from scheduler.rules.job_schedule import source_of
from scheduler.wording.instants import show_time, zone_of
from scheduler.wording.quantities import show_count

SHOWN_MAX = 500
"""So many lines of a section are shown; the JSON document has more."""
_STYLE = Path(__file__).with_name("page.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_DERIVED = "This page is derived from the entries. It is no evidence by itself: they are."


def page(report: Report, zone: str) -> str:
    """The page; times are those of `zone`."""
    made = _Page(report, zone, None)
    body = tag("body", tag("main", made.title(), *made.parts()))
    return "<!DOCTYPE html>\n" + tag("html", made.head(), body, lang="en")


def parts_of_page(report: Report, zone: str, entries: str) -> Html:
    """What the page holds below its title, to stand within another page that has a title of its own.

    Args:
        report: the report.
        zone: whose times are shown.
        entries: the address at which an entry is found, but for its number.
    """
    made = _Page(report, zone, entries)
    return joined(made.verdict(), *made.parts())


class _Page:
    def __init__(self, report: Report, zone: str, entries: str | None) -> None:
        self._report, self._zone, self._entries = report, zone, entries

    def head(self) -> Html:
        begin, end = (each.astimezone(zone_of(self._zone)) for each in self._report.window)
        return tag(
            "head",
            void("meta", charset="utf-8"),
            void("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            void("meta", name_="viewport", content="width=device-width, initial-scale=1"),
            void("meta", name_="referrer", content="no-referrer"),
            tag("title", text(f"Audit report, {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}")),
            tag("style", Html(_STYLE.read_text(encoding="utf-8"))),
        )

    def parts(self) -> list[Html]:
        """All of it below the title."""
        parts = [
            self._figures(),
            self._facts(),
            *_heading("timeline", "Timeline", None, "The gravest of what became of each job, part by part."),
            Timeline(self._report, self._zone).html(),
            *self._population(),
            *self._jobs(),
        ]
        for section in sections(self._report, self._zone):
            parts += self._section(section)
        parts.append(tag("footer", tag("p", text(UNSHOWN)), tag("p", text(_DERIVED))))
        return parts

    def _time(self, instant: datetime) -> str:
        return show_time(instant, self._zone)

    def _stamp(self, instant: datetime) -> str:
        """The same without the offset, where that stands elsewhere."""
        return f"{instant.astimezone(zone_of(self._zone)):%Y-%m-%d %H:%M:%S}"

    def title(self) -> Html:
        """What the report is about, and what it comes to."""
        report = self._report
        of = "" if report.job is None else f" of {report.job}"
        begin, end = (self._time(each) for each in report.window)
        return tag(
            "header",
            tag("h1", text(f"Audit report{of}")),
            tag("p", text(f"{begin} to {end}"), class_="range"),
            self.verdict(),
        )

    def verdict(self) -> Html:
        """What the report comes to, in a sentence."""
        found = verdict(self._report)
        return tag("div", tag("b", text(found.word)), text(found.sentence), class_=f"verdict {found.tone}")

    def _proofs(self, entries: Iterable[int]) -> Html:
        """The numbers of entries; links to them where they are at hand."""
        if self._entries is None:
            return text(", ".join(map(str, entries)))
        links = [tag("a", text(str(seq)), href=f"{self._entries}{seq}") for seq in entries]
        return Html(", ".join(links))

    def _figures(self) -> Html:
        report, totals = self._report, self._report.tally.totals
        figures = [
            ("instants", sum(totals.values()), False),
            ("ran", sum(totals[each] for each in RAN), False),
            ("unresolved failures", report.runs.unresolved, True),
            ("missed", totals["missed"], False),
            ("skipped", totals["skipped"], False),
            ("unexplained", report.unexplained, True),
        ]
        cells = [
            tag(
                "div",
                tag("dt", text(name)),
                tag("dd", text(f"{count:,}")),
                class_="bad" if bad and count else "",
            )
            for name, count, bad in figures
        ]
        return tag("dl", *cells, class_="figures")

    def _facts(self) -> Html:
        report = self._report
        read = f"{report.first_seq:,} to {report.head.seq:,}, the last one of {self._time(report.head_time)}"
        facts = [
            ("Ledger", report.ledger, "mono"),
            ("Entries read", read, ""),
            ("Head", f"{report.head.seq}:{report.head.hash}", "mono"),
            ("Times", f"those of {self._zone}", ""),
            ("Made", self._time(report.made), ""),
        ]
        told = [part for name, value, kind in facts
                for part in (tag("dt", text(name)), tag("dd", text(value), class_=kind))]  # fmt: skip
        return tag("dl", *told, class_="facts")

    def _population(self) -> Iterator[Html]:
        totals = self._report.tally.totals
        implied = sum(totals.values())
        meaning = "Every instant that a schedule in force implied, and what became of it."
        yield from _heading("population", "Population", implied)
        rows = []
        for each, (name, words) in DISPOSITION_WORDS.items():
            if totals[each]:
                share = max(0.6, 100 * totals[each] / implied)
                bar = tag("svg", tag("rect", width=share, height=6.0), class_="share", viewBox="0 0 100 6",
                          preserveAspectRatio="none", role="img", aria_label=f"{share:.1f} percent")  # fmt: skip
                rows.append(
                    tag(
                        "tr",
                        tag("td", tag("span", class_=f"swatch {each}"), text(name)),
                        tag("td", text(words), class_="text"),
                        tag("td", text(f"{totals[each]:,}"), class_="number"),
                        tag("td", bar, class_="bar"),
                        class_="bad" if each == "unexplained" else "",
                    )
                )
        heads = [("Disposition", ""), ("Meaning", ""), ("Instants", "number"), ("Share", "")]
        yield _table(meaning, heads, rows)

    def _jobs(self) -> Iterator[Html]:
        report = self._report
        meaning = "Each revision of a definition that was in force in the range."
        yield from _heading("jobs", "Jobs", len({each.key.job for each in report.revisions}))
        rows = [self._revision(each) for each in report.revisions[:SHOWN_MAX]]
        heads = [
            ("Job", ""),
            ("Schedule", ""),
            ("Instants", "number"),
            ("What became of them", ""),
            ("Entry", "entry"),
        ]
        yield _table(meaning, heads, rows)
        yield from _more(len(report.revisions) - SHOWN_MAX)

    def _revision(self, each: RevisionInForce) -> Html:
        counts, definition = each.tally.counts, each.tally.definition
        zone = "" if definition.timezone == "UTC" else f" ({definition.timezone})"
        since = "" if each.defined is None else f", since {self._stamp(each.defined)[:16]}"
        revision = tag("span", text("revision "), tag("span", text(each.key.revision), class_="mono"), text(since),
                       class_="soft")  # fmt: skip
        return tag(
            "tr",
            tag("td", text(each.key.job), class_="job"),
            tag("td", text(source_of(definition) + zone), void("br"), revision, class_="schedule"),
            tag("td", text(f"{each.tally.implied:,}"), class_="number", data_label="instants"),
            tag("td", text(counts_words(counts)), class_="text"),
            tag("td", self._proofs(() if each.defined_seq is None else (each.defined_seq,)), class_="entry",
                data_label="entry"),
            class_="bad" if counts.get("unexplained") else "",
        )  # fmt: skip

    def _section(self, section: Section) -> Iterator[Html]:
        if not section.lines:
            yield tag(
                "p", tag("b", text(section.name)), text(f" {section.empty}"), class_="empty", id_=section.key
            )
            return
        yield from _heading(section.key, section.name, section.total)
        rows = [self._line(line) for line in section.lines[:SHOWN_MAX]]
        yield _table(section.meaning, [("Time", ""), ("Job", ""), ("What", ""), ("Entry", "entry")], rows)
        yield from _more(section.total - min(SHOWN_MAX, len(section.lines)))

    def _line(self, line: Line) -> Html:
        time = "" if line.time is None else self._stamp(line.time)
        label = None if not line.entries else "entry" if len(line.entries) == 1 else "entries"
        return tag(
            "tr",
            tag("td", text(time), class_="time"),
            tag("td", text(line.job), class_="job" if line.job else "job blank"),
            tag("td", text(line.text), class_="text"),
            tag("td", self._proofs(line.entries), class_="entry", data_label=label),
            class_=line.tone,
        )


def _heading(key: str, name: str, count: int | None, meaning: str = "") -> Iterator[Html]:
    """A heading; of a section whose table has no caption, its meaning too."""
    counted = [] if count is None else [text(" "), tag("span", text(f"{count:,}"), class_="count")]
    yield tag("h2", text(name), *counted, id_=key)
    if meaning:
        yield tag("p", text(meaning), class_="meaning")


def _table(caption: str, heads: list[tuple[str, str]], rows: list[Html]) -> Html:
    named = tag("caption", text(caption), class_="meaning")
    cells = [tag("th", text(name), class_=kind, scope="col") for name, kind in heads]
    return tag("table", named, tag("thead", tag("tr", *cells)), tag("tbody", *rows))


def _more(count: int) -> Iterator[Html]:
    if count > 0:
        told = f"and {show_count(count, 'more line')}: --format json has them"
        yield joined(tag("p", text(told), class_="more"))
