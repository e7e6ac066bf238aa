"""Program staff: from a messy workbook to a brief, in both languages, with and without scripts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.journeys.web.conftest import Place
from tests.journeys.web.person import Person

pytestmark = pytest.mark.deep
WORKBOOK = Path(__file__).parents[3] / "examples/provider/applicants.xlsx"
CSV = (
    "ID,Name,Application Date,Enrolled,Completed,Gender,Immigration Status\n"
    + "".join(
        f"{n:05},Person {n},2025-0{n % 6 + 1}-11,2025-0{n % 6 + 2}-01,"
        f"{'2025-09-30' if n % 3 else ''},{'Female' if n % 2 else 'Male'},"
        f"{('Citizen', 'Permanent resident', 'Visa')[n % 3]}\n"
        for n in range(1, 61)
    )
).encode()


def new_program(staff: Person, name: str) -> None:
    """Make an empty program from the organisation's page and go to its records."""
    staff.go("/")
    staff.follow_home("Riverside Works")
    staff.follow("web.program-new.make")
    staff.write("web.program-new.name", name)
    staff.press("web.program-new.make")
    staff.follow("web.room.records")
    staff.on("web.records.title")


def bring(staff: Person, name: str = "", content: bytes = b"") -> None:
    """Choose a file, send it, and wait for the page that asks what its columns mean."""
    chosen = {"name": name, "mimeType": "text/csv", "buffer": content} if name else str(WORKBOOK)
    staff.page.get_by_label(staff.words("web.records.drop"), exact=True).set_input_files(chosen)
    staff.press("web.records.send")
    staff.worked("web.mapping.title")


def means(staff: Person, header: str) -> str:
    """What a column is said to mean."""
    chosen = column(staff, header).evaluate("e => e.selectedOptions[0].textContent")
    return str(chosen)


def column(staff: Person, header: str) -> Any:
    """The list from which a column's meaning is picked, unfolded if it is among the sure ones."""
    found = staff.page.get_by_label(f"{staff.words('web.mapping.means')} {header}", exact=True)
    if not found.is_visible():
        staff.unfold(staff.words("web.mapping.sure"))
    return found


def word(staff: Person, english: str) -> str:
    """What our records call something, in this person's language."""
    from rung import messages

    return messages.word(english, staff.language)


@pytest.mark.parametrize(
    ("language", "javascript"),
    [("en", True), ("es", True), ("en", False)],
    ids=["en", "es", "plain"],
)
def test_from_a_messy_workbook_to_a_brief(
    lab: Place, tmp_path: Path, language: str, javascript: bool
) -> None:
    staff = lab.owner(language=language, javascript=javascript)
    new_program(staff, f"Tech Pathways {language} {javascript}")
    bring(staff)
    mapped(staff, javascript)
    mended(staff, tmp_path)
    journeyed(staff, javascript)
    matched(staff)
    briefed(staff, tmp_path)


def mapped(staff: Person, javascript: bool) -> None:
    """Correct a column, come back later, and import."""
    before = means(staff, "Age Group")
    wanted = word(staff, "Cohort")
    column(staff, "Age Group").select_option(label=wanted)
    address = staff.page.url
    if javascript:
        staff.sees("web.mapping.saved")  # kept by itself: the tab may be closed
        staff.page.close()
        staff.tab()
        staff.page.goto(address)
    else:
        staff.press("web.mapping.save")
        staff.page.goto(address)
    assert means(staff, "Age Group") == wanted
    column(staff, "Age Group").select_option(label=before)
    if javascript:
        staff.sees("web.mapping.saved")
    staff.press("web.mapping.import")
    staff.worked("web.was.people")


def mended(staff: Person, folder: Path) -> None:
    """The list of what to mend, and its workbook."""
    staff.follow("web.was.mend")
    staff.on("web.fixes.title")
    staff.sees("web.fixes.lead")
    with staff.downloading(folder / "fix.xlsx") as path:
        staff.follow("web.fixes.download")
    sheets = openpyxl.load_workbook(path).sheetnames
    assert len(sheets) >= 2
    assert staff.page.get_by_text("person1494@example.org").count() == 0


def journeyed(staff: Person, javascript: bool) -> None:
    """Who reached what: everyone, by gender, of one year; outside; the people behind a number."""
    staff.follow("web.room.journey")
    finding = staff.title
    assert word(staff, "Completed") in finding
    for unfolds in ("brief.numbers", "brief.counted", "brief.how", "brief.query"):
        part = staff.unfold(re.compile(f"^{staff.words(unfolds)}$"))
        assert len(part.inner_text()) > 60, unfolds
    assert "SELECT" in part.inner_text().upper()
    gender = word(staff, "gender")
    staff.pick("web.journey.by", gender[0].upper() + gender[1:])
    staff.send("web.journey.show")
    staff.sees("web.journey.lines-by")
    table = staff.page.get_by_role("region", name=staff.words("web.journey.lines-by"))
    assert table.get_by_role("row").count() >= 4
    staff.pick("web.journey.cohort", "2024")
    staff.send("web.journey.show")
    assert "cohort=2024" in staff.page.url
    staff.follow("web.journey.to-outside")
    staff.sees("web.nav.outside")
    staff.sees("web.journey.outside-why")
    staff.follow("web.journey.to-inside")
    staff.follow("web.room.journey")
    lines = staff.page.get_by_role("region", name=staff.words("web.journey.lines"))
    number = lines.get_by_role("link").nth(1)
    shown = number.inner_text()
    number.click()
    staff.on("web.behind.title")
    assert staff.title.startswith(shown)
    assert staff.page.get_by_role("row").count() > 5
    staff.follow("web.behind.back")
    staff.titled(finding)


def matched(staff: Person) -> None:
    """Why a report said another number."""
    staff.follow("web.match.open")
    staff.pick("web.match.milestone", word(staff, "Enrolled"))
    staff.write("web.match.period", "someday")
    staff.write("web.match.reported", "240")
    staff.send("web.match.compare")
    assert staff.page.locator("[aria-invalid=true]").count() == 1
    staff.write("web.match.period", "2024")
    staff.send("web.match.compare")
    staff.sees("web.match.next-rule")
    assert "240" in staff.page.get_by_role("main").inner_text()


def briefed(staff: Person, folder: Path) -> None:
    """A brief for anyone, in Spanish: written, looked at, released, taken along."""
    staff.follow("web.room.briefs")
    staff.follow("web.briefs.write")
    staff.page.get_by_role("radio", name=staff.words("web.briefs.audience-outside")).check()
    staff.page.get_by_role("radio", name="Español").check()
    staff.press("web.briefs.see")
    staff.on("web.briefs.check-title")
    with staff.context.expect_page() as coming:
        staff.follow("web.briefs.preview")
    preview = coming.value
    assert preview.locator("html").get_attribute("lang") == "es"
    assert "Of " not in preview.get_by_role("main").inner_text()
    preview.close()
    staff.press("web.briefs.release")
    staff.on("web.briefs.title")
    with staff.downloading(folder / "brief.html") as page:
        staff.follow("web.briefs.html")
    with staff.downloading(folder / "brief.xlsx") as book:
        staff.follow("web.briefs.xlsx")
    assert openpyxl.load_workbook(book).sheetnames
    paper = staff.context.new_page()
    paper.goto(page.as_uri())
    assert paper.get_by_role("heading", level=1).count() == 1
    assert paper.locator("html").get_attribute("lang") == "es"
    assert "@example.org" not in paper.content()
    staff.asked = [u for u in staff.asked if not u.startswith("file:")]
    paper.close()


def test_a_file_is_dropped_and_a_sensitive_column_needs_a_reason(lab: Place) -> None:
    staff = lab.owner()
    new_program(staff, "Dropped")
    drop(staff, "people.csv", CSV)
    staff.worked("web.mapping.title")
    assert means(staff, "Immigration Status") == staff.words("choice.ignore")
    label = f"{staff.words('web.mapping.because')} Immigration Status"
    staff.page.get_by_label(label, exact=True).fill("The grant asks for it")
    staff.sees("web.mapping.saved")
    address = staff.page.url
    staff.page.close()
    staff.tab()
    staff.page.goto(address)
    assert staff.page.get_by_label(label, exact=True).input_value() == "The grant asks for it"
    staff.press("web.mapping.import")
    staff.worked("web.was.people", n=60)
    staff.follow("web.room.records")
    staff.press("web.records.undo")
    staff.sees("web.records.switched-none")
    staff.page.get_by_role("button", name=staff.words("web.records.back")).click()
    staff.sees("web.records.lead", n=60)


def drop(staff: Person, name: str, content: bytes) -> None:
    """Drop a file on the place for it."""
    held = staff.page.evaluate_handle(
        """([name, text]) => { const held = new DataTransfer();
        held.items.add(new File([text], name, {type: "text/csv"})); return held; }""",
        [name, content.decode()],
    )
    place = staff.page.get_by_label(staff.words("web.records.drop"), exact=True)
    for kind in ("dragenter", "dragover", "drop"):
        place.dispatch_event(kind, {"dataTransfer": held})
