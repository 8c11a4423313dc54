"""Hosts that ask to be left alone are, and what stands between this machine and a host is named with what to do about it."""

from __future__ import annotations

import shutil
import subprocess
from email.utils import formatdate
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from coursekit.data import hosts, network
from coursekit.data.sources import NotObtainable, fetch_all
from tests.coursekit import tinysets as tiny

FILES = {f"part{i % 3}/file{i:03}.bin": bytes([i]) * (1000 + i) for i in range(60)}
ONE = {"numbers": bytes(range(256)) * 40}
AT_ONCE = 6  # requests that may be under way when a host first refuses


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses, no proxy, no certificates of this machine, and hosts that have not been asked before."""
    monkeypatch.setattr(network, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(hosts, "_rests", {})
    monkeypatch.setattr(hosts, "_dead", {})
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time as hosts see it. It passes only when somebody sleeps, or the test says so."""
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    clock.sleep = lambda seconds: setattr(clock, "now", clock.now + seconds)
    monkeypatch.setattr(hosts, "time", clock)
    return clock


def fetched(tmp_path: Path, files: dict[str, bytes], *urls: str, **options: Any) -> dict[str, bytes]:
    row = tiny.dataset("many", files, *urls)
    paths = fetch_all(row, tiny.settings(row, tmp_path / "cache", **options))
    return {name: path.read_bytes() for name, path in paths.items()}


def refused(tmp_path: Path, files: dict[str, bytes], *urls: str) -> str:
    """The message of a fetch that fails, on one line."""
    with pytest.raises(NotObtainable) as caught:
        fetched(tmp_path, files, *urls)
    return " ".join(str(caught.value).split())


# ── too many requests ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [429, 403, 503])
def test_a_host_that_wants_no_more_requests_gets_none_and_what_came_stays(tmp_path: Path, clock: Any, status: int) -> None:
    folder = tiny.publish(tmp_path / "official", FILES)
    with tiny.served(folder, manners=tiny.tired(20, status, Retry_After="120")) as (address, asked):
        message = refused(tmp_path, FILES, address)
        assert 20 < len(asked) <= 20 + AT_ONCE
        assert "20 of 60 files are here and stay" in message
        assert "127.0.0.1 gives no more files for 2 minutes" in message
        assert "wait 2 minutes and run this again" in message
        before = len(asked)
        clock.now += 60
        assert "wait 60 seconds" in refused(tmp_path, FILES, address)
        assert len(asked) == before
    clock.now += 61
    with tiny.served(folder, port=int(address.rsplit(":", 1)[1])) as (address, asked):
        assert fetched(tmp_path, FILES, address) == FILES
        assert len(asked) == 40


def test_a_host_that_does_not_say_how_long_is_left_alone_for_minutes(tmp_path: Path, clock: Any) -> None:
    with tiny.served(tmp_path, manners=tiny.tired(0)) as (address, asked):
        assert "wait 5 minutes" in refused(tmp_path, FILES, address)
        assert len(asked) <= AT_ONCE


def test_a_few_seconds_are_waited_for(tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Breather(tiny._Quiet):
        def do_GET(self) -> None:
            if clock.now < 1004:
                self.send_response(429)
                self.send_header("Retry-After", "4")
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                super().do_GET()

    with tiny.served(tiny.publish(tmp_path / "official", ONE), manners=Breather) as (address, asked):
        assert fetched(tmp_path, ONE, address) == ONE
    assert asked == ["/numbers"] * 2


def test_a_host_that_asks_for_a_few_seconds_again_and_again_is_left_alone(tmp_path: Path, clock: Any) -> None:
    with tiny.served(tmp_path, manners=tiny.tired(0, Retry_After="1")) as (address, asked):
        refused(tmp_path, FILES, address)
        assert len(asked) <= 3 * AT_ONCE


@pytest.mark.parametrize(("said", "words"), [("7200", "2 hours"), ("soon", "5 minutes"), ("9" * 400, "6 hours")])
def test_the_time_is_told_in_words_whatever_the_host_says(tmp_path: Path, clock: Any, said: str, words: str) -> None:
    with tiny.served(tmp_path, manners=tiny.tired(0, Retry_After=said)) as (address, _):
        assert f"wait {words}" in refused(tmp_path, ONE, address)


def test_the_time_may_be_a_date(tmp_path: Path, clock: Any) -> None:
    import time

    with tiny.served(tmp_path, manners=tiny.tired(0, Retry_After=formatdate(time.time() + 1800, usegmt=True))) as (address, _):
        assert "wait 30 minutes" in refused(tmp_path, ONE, address)


def test_a_second_address_gives_what_the_first_refuses(tmp_path: Path, clock: Any) -> None:
    folder = tiny.publish(tmp_path / "official", FILES)
    with tiny.served(folder, manners=tiny.tired(20)) as (first, asked), tiny.served(folder) as (second, _):
        port = first.rsplit(":", 1)[1]
        assert fetched(tmp_path, FILES, f"http://localhost:{port}", second) == FILES
        assert len(asked) <= 20 + AT_ONCE


# ── login pages ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_login_page_in_place_of_the_file_is_called_one(tmp_path: Path) -> None:
    with tiny.served(tmp_path, manners="login") as (address, _):
        message = refused(tmp_path, ONE, address)
    assert 'a web page "Campus & Guests" came instead of the file' in message
    assert "log in to this network" in message
    assert "SHA-256 is" not in message


def test_after_the_login_the_same_process_gets_the_files(tmp_path: Path) -> None:
    folder = tiny.publish(tmp_path / "official", FILES)
    with tiny.served(folder, manners="login") as (address, asked):
        refused(tmp_path, FILES, address)
        assert len(asked) < 45
    with tiny.served(folder, port=int(address.rsplit(":", 1)[1])) as (address, _):
        assert fetched(tmp_path, FILES, address) == FILES


def test_a_network_that_says_with_its_status_that_it_wants_a_login_is_understood(tmp_path: Path) -> None:
    with tiny.served(tmp_path, manners=tiny.tired(0, 511)) as (address, _):
        assert "before you log in" in refused(tmp_path, ONE, address)


def test_a_damaged_file_is_not_mistaken_for_a_page(tmp_path: Path) -> None:
    with tiny.served(tiny.publish(tmp_path / "official", {"numbers": b"half <html>"})) as (address, _):
        assert "got 11 bytes, expected 10,240" in refused(tmp_path, ONE, address)


# ── proxies ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTP_PROXY"])
def test_the_proxy_of_the_environment_is_asked_for_hosts_that_only_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tiny.publish(tmp_path / "official", ONE)
    with tiny.served(folder, manners="proxy") as (address, asked):
        monkeypatch.setenv(name, address)
        assert hosts.unreachable("http://nowhere.invalid/numbers") is None
        assert fetched(tmp_path, ONE, "http://nowhere.invalid") == ONE
    assert asked == ["http://nowhere.invalid/numbers"]


def test_a_host_that_needs_no_proxy_is_asked_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", tiny.closed_port())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with tiny.served(tiny.publish(tmp_path / "official", ONE)) as (address, _):
        assert fetched(tmp_path, ONE, address) == ONE


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://name:secret@127.0.0.1:port", "the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names is not an address"),
        ("http://name:secret@127.0.0.1:1", "127.0.0.1 cannot be reached"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_a_sentence_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str, said: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    message = refused(tmp_path, ONE, "http://nowhere.invalid")
    assert said in message
    assert "secret" not in message


@pytest.mark.skipif(find_spec("socks") is not None, reason="this environment can use such a proxy")
def test_a_proxy_for_which_a_package_is_missing_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tiny.served(tmp_path) as (address, _):
        monkeypatch.setenv("ALL_PROXY", address.replace("http", "socks5"))
        assert "pip install pysocks" in refused(tmp_path, ONE, "http://nowhere.invalid")


def test_a_proxy_that_wants_a_password_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tiny.served(tmp_path, manners=tiny.tired(0, 407)) as (address, _):
        monkeypatch.setenv("ALL_PROXY", address)
        assert "http://name:password@" in refused(tmp_path, ONE, "http://nowhere.invalid")


@pytest.mark.parametrize("address", ["http://127.0.0.1:port", "http://", "http://..", f"http://{'a' * 70}.org"])
def test_an_address_that_is_none_is_a_sentence(tmp_path: Path, address: str) -> None:
    assert "What to do" in refused(tmp_path, ONE, address)


# ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody else has signed, with its key."""
    if not shutil.which("openssl"):
        pytest.skip("needs the program openssl")
    path = tmp_path_factory.mktemp("certificate") / "own.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=campus -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*command.split(), "-keyout", path, "-out", path.with_suffix(".crt")], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


def test_a_certificate_of_a_campus_proxy_is_refused_with_the_way_to_trust_it(tmp_path: Path, certificate: Path) -> None:
    with tiny.served(tiny.publish(tmp_path / "official", FILES), certificate=certificate) as (address, asked):
        message = refused(tmp_path, FILES, address)
    assert asked == []
    assert "no secure connection to 127.0.0.1" in message
    assert "set REQUESTS_CA_BUNDLE or SSL_CERT_FILE" in message


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_certificate_that_the_environment_trusts_is_trusted_at_once(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with tiny.served(tiny.publish(tmp_path / "official", ONE), certificate=certificate) as (address, _):
        refused(tmp_path, ONE, address)
        monkeypatch.setenv(name, str(certificate.with_suffix(".crt")))
        assert fetched(tmp_path, ONE, address) == ONE


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_file_that_cannot_be_used_is_named(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str | None
) -> None:
    bundle = tmp_path / "campus.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv(name, str(bundle))
    with tiny.served(tiny.publish(tmp_path / "official", ONE), certificate=certificate) as (address, _):
        message = refused(tmp_path, ONE, address)
    assert name in message
    assert str(bundle) in message


def test_a_server_without_encryption_at_a_secure_address_is_not_a_matter_of_certificates(tmp_path: Path) -> None:
    with tiny.served(tmp_path) as (address, _):
        message = refused(tmp_path, ONE, address.replace("http", "https"))
    assert "no secure connection" in message
    assert "SSL_CERT_FILE" not in message
