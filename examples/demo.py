"""`make demo`: match real portraits with the default models and keep the pictures.

The portraits are public domain and ship inside packages: astronaut Eileen Collins (NASA) in scikit-image, Rear Admiral
Grace Hopper (US Navy) in matplotlib. Nothing about the answers is prepared: change a picture below and see.
"""

import io
from dataclasses import replace
from pathlib import Path

from matplotlib.cbook import get_sample_data
from PIL import Image, ImageEnhance, ImageOps
from rich.console import Console
from rich.table import Table
from skimage.data import astronaut

import visavis as vv
from visavis.picture import comparison_picture
from visavis.picture.words import probability_in_words

OUT = Path("demo-output")


def portraits() -> tuple[Image.Image, Image.Image]:
    """Collins and Hopper, RGB."""
    hopper = Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))
    return Image.fromarray(astronaut()), hopper.convert("RGB")


def compressed(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def variants(image: Image.Image) -> dict[str, Image.Image]:
    """The same photo as other cameras and other senders would have left it."""
    dark = ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(0.45)).enhance(0.8)
    return {
        "cropped": image.crop((110, 0, 350, 260)),
        "dark and flat": dark,
        "mirrored": ImageOps.mirror(image),
        "JPEG quality 20": compressed(image, 20),
        "a third of the size": ImageOps.scale(image, 1 / 3),
        "dark, small, compressed": compressed(ImageOps.scale(dark, 1 / 3), 40),
    }


def named(image: Image.Image, name: str) -> vv.Photo:
    """The picture with a name to show under it."""
    return replace(vv.load_image(image), source=name)


def main() -> None:
    collins, hopper = portraits()
    trials = [(f"Collins, {name}", "Collins", image, collins) for name, image in variants(collins).items()]
    trials += [
        ("Hopper, JPEG quality 20", "Hopper", compressed(hopper, 20), hopper),
        ("Hopper", "Collins", hopper, collins),
        ("Hopper", "Collins, dark and flat", hopper, variants(collins)["dark and flat"]),
    ]
    OUT.mkdir(exist_ok=True)
    table = Table("probe", "reference", "score", "P(same person)", "decision", title="visavis demo")
    for number, (probe, reference, probe_image, reference_image) in enumerate(trials, start=1):
        photos = named(probe_image, probe), named(reference_image, reference)
        comparison = vv.match(*photos)
        evidence = comparison.evidence
        table.add_row(
            probe,
            reference,
            f"{evidence.score:.3f}",
            probability_in_words(evidence.probability),
            str(evidence.decision),
        )
        comparison_picture(comparison, *photos).save(OUT / f"{number:02}.png")
    console = Console()
    console.print(table)
    console.print(
        f"match: score at or above {evidence.match_threshold:.3f}, which at most {evidence.fmr:g} of strangers reach. "
        f"Pictures: {OUT}/01.png to {number:02}.png"
    )


if __name__ == "__main__":
    main()
