"""`visavis synthetic`: people who do not exist, alone, in scenes and films; plates and voices; with every label."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.options import AsJson
from visavis.cli.output import console, print_json

if TYPE_CHECKING:
    from visavis.synthetic.export import Plan

app = typer.Typer(
    help="Make synthetic people, plates and speech with exact labels, from a seed.",
    no_args_is_help=True,
)

Out = Annotated[Path, typer.Argument(help="Folder to make, or to go on filling.", metavar="OUT")]
Seed = Annotated[int, typer.Option(help="Of the world: the same seed makes the same data.")]
Size = Annotated[int, typer.Option(help="Side of a picture in pixels, 16 to 4096.")]
Width = Annotated[int, typer.Option(help="Of a picture in pixels, 16 to 4096.")]
Height = Annotated[int, typer.Option(help="Of a picture in pixels, 16 to 4096.")]
Format = Annotated[str, typer.Option("--format", help="png loses nothing; jpg is smaller.")]
Processes = Annotated[int | None, typer.Option(help="Worker processes; all cores if not given.", show_default=False)]
MaxYaw = Annotated[float, typer.Option(help="Heads turn up to so many degrees, 0 to 90.")]
Samples = Annotated[int, typer.Option(help="Samples per pixel and axis, 1 to 4: 1 for data, 2 or 3 to look at.")]
Group = Annotated[
    list[str] | None,
    typer.Option(help="Hold a factor to a part of its range; may be repeated.", metavar="FACTOR=LOW:HIGH|NAME,NAME"),
]
Fix = Annotated[
    list[str] | None, typer.Option(help="Set a factor for everybody; may be repeated.", metavar="FACTOR=VALUE")
]


@app.callback()
def _synthetic() -> None:
    """Make synthetic people, plates and speech with exact labels, from a seed; a stopped run goes on when repeated."""


@app.command()
def people(
    out: Out,
    count: Annotated[int, typer.Option(help="People, 1 to 1,000,000.")],
    per_person: Annotated[int, typer.Option(help="Pictures of each, 1 to 10,000.")] = 1,
    seed: Seed = 0,
    size: Size = 112,
    max_yaw: MaxYaw = 35.0,
    labels: Annotated[
        str,
        typer.Option(
            help="Maps beside each picture: parsing, depth, alpha, normals, albedo, shading.", metavar="MAP,..."
        ),
    ] = "",
    group: Group = None,
    fix: Fix = None,
    independent: Annotated[bool, typer.Option(help="Draw every factor independently of all others.")] = False,
    samples: Samples = 1,
    picture_format: Format = "png",
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Persistent people in varying shots: a folder per person, and labels.parquet with a row per picture."""
    from visavis.synthetic.export.people import People

    plan = People(
        count=count,
        per_person=per_person,
        size=size,
        seed=seed,
        max_yaw=max_yaw,
        samples=samples,
        labels=_names(labels),
        picture_format=picture_format,
        group=_held(group, fix),
        independent=independent,
    )
    _fill(plan, out, processes, as_json=as_json)


@app.command()
def scene(
    out: Out,
    count: Annotated[int, typer.Option(help="Pictures, 1 to 1,000,000.")],
    people: Annotated[int | None, typer.Option(help="In each, 0 to 8; drawn if not given.")] = None,
    seed: Seed = 0,
    width: Width = 640,
    height: Height = 480,
    labels: Annotated[
        str, typer.Option(help="Maps beside each picture: parsing, person, depth.", metavar="MAP,...")
    ] = "",
    group: Group = None,
    fix: Fix = None,
    samples: Samples = 1,
    picture_format: Format = "png",
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Several people on one picture, some half hidden, with things that are no faces."""
    from visavis.synthetic.export.scenes import Scenes

    plan = Scenes(
        count=count,
        people=people,
        width=width,
        height=height,
        seed=seed,
        samples=samples,
        labels=_names(labels),
        picture_format=picture_format,
        group=_held(group, fix),
    )
    _fill(plan, out, processes, as_json=as_json)


@app.command()
def clip(
    out: Out,
    count: Annotated[int, typer.Option(help="Films, 1 to 1,000,000.")],
    people: Annotated[int, typer.Option(help="In every scene, 0 to 8.")] = 1,
    seconds: Annotated[float, typer.Option(help="Length of each, 0.04 to 600.")] = 2.0,
    fps: Annotated[float, typer.Option(help="Frames per second, 1 to 120.")] = 25.0,
    cuts: Annotated[int, typer.Option(help="In each, 0 to 100.")] = 0,
    speech: Annotated[bool, typer.Option(help="The first person says digits, with sound.")] = False,
    seed: Seed = 0,
    width: Width = 320,
    height: Height = 240,
    crf: Annotated[int, typer.Option(help="Quality of H.264: 0 best and largest, 51 worst.")] = 18,
    group: Group = None,
    fix: Fix = None,
    samples: Samples = 1,
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Films of people who move and speak: MP4, a row of labels per frame, a JSON file per film (extra `video`)."""
    from visavis.synthetic.export.clips import Clips

    plan = Clips(
        count=count,
        people=people,
        seconds=seconds,
        fps=fps,
        cuts=cuts,
        speech=speech,
        width=width,
        height=height,
        crf=crf,
        seed=seed,
        samples=samples,
        group=_held(group, fix),
    )
    _fill(plan, out, processes, as_json=as_json)


@app.command()
def stereo(
    out: Out,
    count: Annotated[int, typer.Option(help="Pairs, 1 to 1,000,000.")],
    seed: Seed = 0,
    width: Width = 320,
    height: Height = 240,
    baseline: Annotated[float, typer.Option(help="Metres between the cameras, 0.001 to 1.")] = 0.06,
    sensor: Annotated[bool, typer.Option(help="Add the cameras' faults.")] = False,
    group: Group = None,
    fix: Fix = None,
    samples: Samples = 2,
    picture_format: Format = "png",
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Rectified pairs of pictures with the exact disparity of every pixel."""
    from visavis.synthetic.export.pairs import StereoPairs

    plan = StereoPairs(
        count=count,
        width=width,
        height=height,
        baseline=baseline,
        sensor=sensor,
        seed=seed,
        samples=samples,
        picture_format=picture_format,
        group=_held(group, fix),
    )
    _fill(plan, out, processes, as_json=as_json)


@app.command()
def plates(
    out: Out,
    count: Annotated[int, typer.Option(help="Plates, 1 to 1,000,000.")],
    seed: Seed = 0,
    width: Width = 640,
    height: Height = 360,
    region: Annotated[str | None, typer.Option(help="Whose plates; any if not given.")] = None,
    picture_format: Format = "png",
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Registration plates on cars, with the place of every character."""
    from visavis.synthetic.export.plates import Plates

    plan = Plates(count=count, width=width, height=height, seed=seed, region=region, picture_format=picture_format)
    _fill(plan, out, processes, as_json=as_json)


@app.command()
def speech(
    out: Out,
    count: Annotated[int, typer.Option(help="Speakers, 1 to 1,000,000.")],
    per_person: Annotated[int, typer.Option(help="Recordings of each, 1 to 10,000.")] = 1,
    seed: Seed = 0,
    rate: Annotated[int, typer.Option(help="Samples per second, 8,000 to 48,000.")] = 16_000,
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Spoken digits in the voices of the world's people, with the times of words, phonemes and lip shapes."""
    from visavis.synthetic.export.speech import Speech

    _fill(Speech(count=count, per_person=per_person, seed=seed, rate=rate), out, processes, as_json=as_json)


@app.command()
def sheet(
    out: Annotated[Path, typer.Argument(help="Picture to write, such as sheet.png.", metavar="OUT.png|OUT.jpg")],
    people: Annotated[int, typer.Option(help="People to show, 1 to 1,000.")] = 48,
    shots: Annotated[int, typer.Option(help="Shots of each, 1 to 20.")] = 3,
    size: Size = 112,
    seed: Seed = 0,
    max_yaw: MaxYaw = 35.0,
    group: Group = None,
    fix: Fix = None,
    samples: Samples = 2,
    as_json: AsJson = False,
) -> None:
    """People beside each other on one picture, to look at."""
    from rich.progress import Progress

    from visavis.storage import atomic_file
    from visavis.synthetic.export.pictures import origin, picture_bytes
    from visavis.synthetic.sheet import Layout, contact_sheet
    from visavis.synthetic.world import World

    layout, picture_format = Layout(people, shots, size), _format_of(out)
    world = World(seed, group=dict(_held(group, fix)), max_yaw=max_yaw)
    shown = Progress(console=console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with atomic_file(out) as file, shown as bar:  # what cannot be written is told before the work
        task = bar.add_task("people", total=people)
        picture = contact_sheet(
            world, layout, samples=samples, progress=lambda done, _: bar.update(task, completed=done)
        )
        file.write(picture_bytes(picture, picture_format, origin(seed)))
    height, width = picture.shape[:2]
    if as_json:
        print_json({"file": str(out), "people": people, "shots": shots, "width": width, "height": height})
    else:
        console().print(f"{out}: {people} people, {shots} shots of each, {width} x {height} pixels")


def _format_of(picture: Path) -> str:
    from visavis.errors import InvalidInput

    formats = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg"}
    if picture.suffix.lower() not in formats:
        raise InvalidInput(f"{picture}: needs a name that ends in one of {', '.join(formats)}")
    return formats[picture.suffix.lower()]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _held(group: list[str] | None, fix: list[str] | None) -> tuple[tuple[str, Any], ...]:
    from visavis.synthetic.export.held import parse_held

    return tuple(parse_held(group or (), fix or ()).items())


def _fill(plan: Plan, out: Path, processes: int | None, *, as_json: bool) -> None:
    """Export a plan with progress, and say what there is now."""
    from rich.progress import MofNCompleteColumn, Progress

    from visavis.synthetic.export import MANIFEST, TABLE, default_processes, export

    processes = default_processes() if processes is None else processes
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    try:
        with Progress(*columns, console=console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task(plan.kind, total=plan.count)
            done = export(plan, out, processes, progress=lambda made, _: bar.update(task, completed=made))
    except KeyboardInterrupt:
        if (out / MANIFEST).exists():
            console(stderr=True).print(f"{out}: stopped; what was written is kept: repeat the same command to go on")
        raise
    if as_json:
        answer = {"folder": str(done.folder), "kind": done.kind, "count": done.count, "rows": done.rows}
        print_json({**answer, "made": done.made, "labels": str(done.folder / TABLE)})
    else:
        before = f", {done.count - done.made:,} of them from before" if done.made < done.count else ""
        console().print(f"{out}: {done.count:,} {done.kind}{before}; {done.rows:,} rows in {TABLE}")
