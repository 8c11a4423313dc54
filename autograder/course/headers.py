"""The names that lists of students give to their columns, in the exports of learning platforms and in several languages.

This module knows names of columns; it reads no file.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["ID_COLUMNS", "column"]

# Column → its names, as `_plain` makes them.
_NAMES = {
    "id": "id|studentid|student|studentidentifier|identifier|sid|idnumber|matriculationnumber|rosteridentifier"
    "|idnummer|matrikelnummer|matrikelnr|matrnr|numerodidentification|numeroetudiant|numerodeid|numerodeidentificacion|matricola",
    "first_name": "firstname|givenname|forename|vorname|prenom|nombre|nome|voornaam|fornavn",
    "last_name": "lastname|surname|familyname|nachname|familienname|nom|nomdefamille|apellidos|apellido|apellidoss|cognome|achternaam",
    "name": "name|fullname|displayname|studentname|vollstandigername|nomcomplet|nombrecompleto|nomecompleto",
    "email": "email|emailaddress|mail|emailadresse|adressedecourriel|adresseemail|courriel|correo|correoelectronico"
    "|direcciondecorreo|indirizzoemail|emailadres",
    "login": "login|loginid|sisloginid|username|user|anmeldename|benutzername|nomdutilisateur|nombredeusuario",
    "sis_id": "sisid|sisuserid",
    "canvas_id": "canvasid|canvasuserid",
    "moodle_id": "moodleid|moodleuserid",
    "github": "github|githubusername|githublogin|githubuser",
}
_COLUMNS = {name: column for column, names in _NAMES.items() for name in names.split("|")}
# What may serve as the id of a student where there is no column for it, best first.
ID_COLUMNS = ("id", "sis_id", "login", "github", "canvas_id", "email")


def column(header: str) -> str:
    """Find the column that a header means.

    Args:
        header: Text of the header, in any case.

    Returns:
        "id", "first_name", "last_name", "name", "email", "login", "sis_id", "canvas_id",
        "moodle_id" or "github" for a known header; otherwise the header in lower case with `_`
        between its words; "" if it has no letter or digit.
    """
    return _COLUMNS.get(_plain(header)) or "_".join(re.findall(r"[^\W_]+", header.lower()))


def _plain(header: str) -> str:
    """Return the letters and digits of a header, in lower case and without accents."""
    apart = unicodedata.normalize("NFKD", header.casefold())
    return "".join(character for character in apart if character.isalnum())
