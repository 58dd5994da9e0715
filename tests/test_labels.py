"""Words, numbers and dates in four languages, and no text without a translation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reporting import labels
from reporting.declarations import Declarations
from reporting.errors import DeclarationError, UsageError

LANGUAGES = ("fr", "nl", "de")
_PLACEHOLDER = re.compile(r"{(\w+)}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_message_has_a_translation(known: Declarations, lang: str) -> None:
    """No title, label, note, sentence or interface word is left in English."""
    missing = labels.messages(known) - set(labels.catalogue(known.home, lang))
    assert not missing, f"{len(missing)} messages without translation: run make messages and fill them in"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_translation_keeps_the_placeholders(known: Declarations, lang: str) -> None:
    """A translation names the same values as its message, so that no number is lost or asked for in vain."""
    wrong = {
        message
        for message, translation in labels.catalogue(known.home, lang).items()
        if sorted(set(_PLACEHOLDER.findall(message))) != sorted(set(_PLACEHOLDER.findall(translation)))
    }
    assert not wrong


@pytest.mark.parametrize(
    ("lang", "number", "date"),
    [
        ("en", "174,210.3", "28 January 2026"),
        ("fr", "174\u202f210,3", "28 janvier 2026"),
        ("nl", "174.210,3", "28 januari 2026"),
        ("de", "174.210,3", "28. Januar 2026"),
    ],
)
def test_numbers_and_dates_are_those_of_belgium(known: Declarations, lang: str, number: str, date: str) -> None:
    """Belgian French, Dutch and German write numbers and dates their own way."""
    words = labels.Words(known, lang)
    assert words.number(174210.26, 1) == number
    assert words.date("2026-01-28") == date


def test_dates_in_headings_are_in_figures(known: Declarations) -> None:
    """A heading holds a short date, a year stays a year."""
    assert [labels.Words(known, lang).day("2014-12-31") for lang in ("en", "fr", "nl", "de")] == [
        "31/12/2014", "31/12/2014", "31/12/2014", "31.12.2014",
    ]  # fmt: skip
    assert labels.Words(known, "fr").day("2014") == "2014"


def test_a_missing_value_is_a_colon_and_zero_is_zero(known: Declarations) -> None:
    """Missing is never zero, and a value that rounds to zero has no minus."""
    words = labels.Words(known, "en")
    assert [words.number(v, 1) for v in (None, float("nan"), 0.0, -0.04)] == [":", ":", "0.0", "0.0"]
    assert words.number(-1.25, 2) == "\u22121.25"


def test_halves_are_rounded_away_from_zero(known: Declarations) -> None:
    """A half goes up in size, as statisticians round: neither to even nor by the error of binary fractions."""
    words = labels.Words(known, "en")
    assert [words.number(v, 1) for v in (5100.25, 0.15, -0.25, 2.675)] == ["5,100.3", "0.2", "\u22120.3", "2.7"]


def test_countries_are_named_in_the_language(known: Declarations) -> None:
    """Country names come from CLDR, also for Eurostat's own codes EL and UK."""
    named = {lang: [labels.Words(known, lang).geo(geo) for geo in ("BE", "EL", "UK")] for lang in ("fr", "nl", "de")}
    assert named["fr"] == ["Belgique", "Grèce", "Royaume-Uni"]
    assert named["nl"] == ["België", "Griekenland", "Verenigd Koninkrijk"]
    assert named["de"] == ["Belgien", "Griechenland", "Vereinigtes Königreich"]


def test_an_unknown_language_names_the_known_ones(known: Declarations) -> None:
    """A person who asks for Finnish is told what there is."""
    with pytest.raises(UsageError, match="'fi'.*en, fr, nl, de"):
        labels.Words(known, "fi")


def test_a_missing_translation_is_remembered(known: Declarations) -> None:
    """A text without translation is shown in English and can be reported."""
    words = labels.Words(known, "fr")
    assert words.text("A text nobody has translated") == "A text nobody has translated"
    assert words.missing == {"A text nobody has translated"}


@pytest.mark.parametrize(
    ("catalogue", "said"),
    [(b'msgid "{source}; x"\nmsgstr "{sorce}"\n', "placeholders"), (b'msgid "a"\nmsgstr "\xff"\n', "not a readable")],
)
def test_a_damaged_catalogue_is_named(known: Declarations, project: Path, catalogue: bytes, said: str) -> None:
    """A wrong placeholder and bytes that are no UTF-8 are faults of the .po file, which is named."""
    (project / "parameters/labels/fr/messages.po").write_bytes(catalogue)
    labels.catalogue.cache_clear()
    with pytest.raises(DeclarationError, match=rf"labels/fr/messages.po.*{said}"):
        labels.Words(known.model_copy(update={"home": project}), "fr").text("{source}; x", source="s")
    labels.catalogue.cache_clear()


def test_sentences_in_notebooks_are_messages(known: Declarations) -> None:
    """What notebooks say is found, the three ways of a comparison included."""
    found = labels.messages(known)
    assert "Current health expenditure came to {total} in {year}, or {share}." in found
    assert "The old-age dependency ratio fell from {then} in {start} to {now} in {end}." in found
    assert "Contents" in found


def test_a_catalogue_is_brought_up_to_date(known: Declarations, project: Path) -> None:
    """New messages come in empty, old translations stay."""
    copied = known.model_copy(update={"home": project})
    (project / "parameters/labels/fr/messages.po").unlink(missing_ok=True)
    labels.catalogue.cache_clear()
    left = labels.update(copied, "fr", {"Contents": "Table des matières"})
    labels.catalogue.cache_clear()
    assert labels.catalogue(project, "fr") == {"Contents": "Table des matières"}
    assert "Contents" not in left and "Unit" in left
