"""The database of an nbgrader course: where it is, and how it is opened and shared.

SQLite is the default. PostgreSQL lets several people grade at the same time: each of their
transactions waits for the one before. This module knows nbgrader's settings and SQLAlchemy; it does not
know what is in a gradebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from alembic.script import ScriptDirectory
from nbgrader.api import Assignment, Base, Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from sqlalchemy import URL, Connection, Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError
from traitlets.config import Config, ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

from autograder.errors import RecordError

__all__ = ["alone", "course_directory", "open_gradebook", "transaction"]

_LOCK = 0x6E62677261646572  # "nbgrader": the key of the lock that graders take in a PostgreSQL database
_PATIENCE = "60s"  # for that lock
_SQLITE_CACHE_KB = 65_536


def course_directory(course: Path, db_url: str = "") -> CourseDirectory:
    """Read nbgrader's description of a course, with the settings in its `nbgrader_config`.

    Args:
        course: Folder of the course.
        db_url: URL of the gradebook; by default the one that nbgrader uses in that folder.

    Returns:
        The description. Its gradebook need not exist.

    Raises:
        RecordError: There is no such folder, or the text is no URL.
    """
    if not Path(course).is_dir():
        raise RecordError(f"{course}: no such folder; expected the nbgrader course, the folder that holds source/")
    root = Path(course).resolve()
    config = Config()
    for loader in (
        JSONFileConfigLoader("nbgrader_config.json", str(root)),
        PyFileConfigLoader("nbgrader_config.py", str(root)),
    ):
        with suppress(ConfigFileNotFound):
            config.merge(loader.load_config())
    folder = CourseDirectory(config=config, root=str(root))
    try:
        url = make_url(db_url or folder.db_url)
    except ArgumentError as error:
        shown = re.sub(r":[^:@]*@", ":***@", db_url or folder.db_url)  # it may hold a password all the same
        raise RecordError(
            f"{shown!r} is no database URL; expected one such as sqlite:////path/gradebook.db or postgresql://me@host/course"
        ) from error
    if not db_url and url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str(root / url.database))
    folder.db_url = url.render_as_string(hide_password=False)
    return folder


@contextmanager
def open_gradebook(course: CourseDirectory) -> Iterator[Gradebook]:
    """Open the gradebook of a course, or create it.

    Args:
        course: nbgrader's description of the course.

    Yields:
        The open gradebook.

    Raises:
        RecordError: The database cannot be reached, its driver is not installed, or an older nbgrader
            made its tables.
    """
    with alone(course.db_url):
        if _is_new(course):
            _note_version(course.db_url)
        gradebook = Gradebook(course.db_url, course.course_id or "default_course")
    with gradebook:
        yield gradebook


@contextmanager
def alone(db_url: str) -> Iterator[None]:
    """Keep other graders out of a database while tables or the cells of a lab are created.

    An SQLite file has its own lock, so nothing happens there.

    Args:
        db_url: URL of the gradebook.

    Yields:
        Nothing.

    Raises:
        RecordError: The database cannot be reached, or its driver is not installed.
    """
    url = make_url(db_url)
    if url.get_backend_name() == "sqlite":
        yield
        return
    shown = url.render_as_string(hide_password=True)
    try:
        engine = create_engine(url)
    except ImportError as error:
        raise RecordError(
            f"{shown}: this database needs a driver that is not installed ({error}); for PostgreSQL, run "
            "pip install '.[postgresql]' in the checkout of the project"
        ) from error
    except NoSuchModuleError as error:
        raise RecordError(
            f"{shown}: {url.drivername!r} is no kind of database that is known here; expected sqlite:///… or postgresql://…"
        ) from error
    try:
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(engine.connect())
            except OperationalError as error:
                raise RecordError(
                    f"{shown}: the database cannot be reached ({_first_line(error)}); check that its server is running, that the "
                    f"database exists, and that host, name and password are right"
                ) from error
            _lock(connection, "pg_advisory_lock")
            yield
    finally:
        engine.dispose()  # the lock ends with its connection


@contextmanager
def transaction(gradebook: Gradebook) -> Iterator[None]:
    """Run a block in one transaction, after those of other graders.

    nbgrader's methods commit; in this block a commit only flushes, and what was read before it stays read.

    Args:
        gradebook: An open gradebook.

    Yields:
        Nothing.
    """
    with gradebook.engine.begin() as connection:
        _keep_pages(connection)
        _lock(connection, "pg_advisory_xact_lock")
        gradebook.db.remove()
        gradebook.db.configure(bind=connection, join_transaction_mode="rollback_only", expire_on_commit=False)
        try:
            yield
            gradebook.db.commit()
        finally:
            gradebook.db.remove()


def _is_new(course: CourseDirectory) -> bool:
    """Return whether the database has no gradebook yet.

    Raises RecordError for tables of an older nbgrader, before this one adds empty ones and overlooks the marks in the old ones.
    """
    url = make_url(course.db_url)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        return True
    with _engine(url) as engine:
        inspector = inspect(engine)
        there = set(inspector.get_table_names())
        if Assignment.__tablename__ not in there:
            return True
        for table in Base.metadata.sorted_tables:
            columns = {column["name"] for column in inspector.get_columns(table.name)} if table.name in there else set()
            if lacking := [column.name for column in table.columns if column.name not in columns]:
                shown = url.render_as_string(hide_password=True)
                raise RecordError(
                    f"{shown}: an older nbgrader made this gradebook (no {table.name}.{lacking[0]}); run "
                    f"`nbgrader db upgrade` in {course.root}, which keeps every mark, and then the same command again"
                )
    return False


def _note_version(db_url: str) -> None:
    """Note in a new database which version of nbgrader's tables it has, for `nbgrader db upgrade`.

    nbgrader asks the program `alembic` for the version, which takes three seconds. Where the note is there, it does not ask.
    """
    version = ScriptDirectory(ALEMBIC_DIR).get_current_head()
    with _engine(make_url(db_url)) as engine, engine.begin() as connection:
        # Two graders may open a new SQLite file at the same time.
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"))
        note = "INSERT INTO alembic_version SELECT :version WHERE NOT EXISTS (SELECT 1 FROM alembic_version)"
        connection.execute(text(note), {"version": version})


@contextmanager
def _engine(url: URL) -> Iterator[Engine]:
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _keep_pages(connection: Connection) -> None:
    """Let SQLite keep the indices of a large class in memory; its own 2 MB are read anew for every submission."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"PRAGMA cache_size = -{_SQLITE_CACHE_KB}"))


def _lock(connection: Connection, function: str) -> None:
    """Wait for the other graders. Only PostgreSQL has such locks."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
        connection.execute(text(f"SELECT {function}({_LOCK})"))


def _first_line(error: OperationalError) -> str:
    return str(error.orig).partition("\n")[0]
