"""Running the program in this process, as a shell would: arguments in; exit code, stdout and stderr out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image

from visavis.cli import main


@dataclass(frozen=True)
class Ran:
    """What a run left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout, which must be one JSON document and nothing else."""
        return json.loads(self.out)


@pytest.fixture
def visavis(monkeypatch, capfd):
    """A function that runs `visavis` with arguments."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["visavis", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        captured = capfd.readouterr()
        return Ran(int(left.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def photos(tmp_path_factory, astronaut, grace_hopper):
    """A folder with real portraits: collins.png, cropped.jpg, hopper.png, both.png, nobody.png, broken.jpg.

    For what hangs on calibrated decisions; everything else takes `people`.
    """
    folder = tmp_path_factory.mktemp("photos")
    collins, hopper = Image.fromarray(astronaut), Image.fromarray(grace_hopper)
    collins.save(folder / "collins.png")
    collins.crop((110, 0, 350, 260)).save(folder / "cropped.jpg", quality=60)
    hopper.save(folder / "hopper.png")
    both = Image.new("RGB", (1024, 600))
    both.paste(collins, (0, 0))
    both.paste(hopper, (512, 0))
    both.save(folder / "both.png")
    Image.new("RGB", (200, 100), (90, 120, 60)).save(folder / "nobody.png")
    (folder / "broken.jpg").write_bytes((folder / "cropped.jpg").read_bytes()[:2000])
    return folder


@pytest.fixture(scope="session")
def people(tmp_path_factory, portrait, same_person_again, stranger, group_photo):
    """A folder with synthetic people: person.png, again.jpg, stranger.png, group.png, nobody.png, broken.jpg."""
    from visavis.synthetic import Background, Stream
    from visavis.synthetic.render import develop

    folder = tmp_path_factory.mktemp("people")
    Image.fromarray(portrait.image).save(folder / "person.png")
    Image.fromarray(same_person_again.image).save(folder / "again.jpg", quality=85)
    Image.fromarray(stranger.image).save(folder / "stranger.png")
    Image.fromarray(group_photo.image).save(folder / "group.png")
    nobody = Background.sample(Stream(3, ("nobody",)).generator()).render(200, 100)
    Image.fromarray(develop(nobody)).save(folder / "nobody.png")
    (folder / "broken.jpg").write_bytes((folder / "again.jpg").read_bytes()[:2000])
    return folder
