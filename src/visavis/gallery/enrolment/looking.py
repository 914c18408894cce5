"""From photos to faces with templates, and the crops to keep, all from one decoding of each photo."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from visavis.errors import VisavisError
from visavis.face import Engine
from visavis.gallery.enrolment.crops import cut_crop

if TYPE_CHECKING:
    from visavis.gallery.enrolment.photos import Request
    from visavis.gallery.types import Crop
    from visavis.types import Faces


def looked(
    engine: Engine, requests: Iterable[Request], *, keep_crops: bool
) -> Iterator[tuple[Request, Faces | VisavisError, Crop | None]]:
    """What is on the photos asked for, in their order, with bounded memory.

    Args:
        engine: its threads do the work, crops included.
        requests: any number of photos.
        keep_crops: cut the crop of the face that is to be enrolled.

    Returns: request, its faces or the error that it met, and the crop.
    """
    waiting: deque[_Sought] = deque()

    def sought() -> Iterator[Any]:
        for request in requests:
            waiting.append(_Sought(request, keep_crops))
            yield waiting[-1]

    for found in _CroppingEngine(engine).stream(sought(), errors="return"):
        one = waiting.popleft()
        yield one.request, found, one.crop


class _Sought:
    """A photo on its way through the engine, which leaves the crop here."""

    def __init__(self, request: Request, keep_crop: bool) -> None:
        self.request, self.keep_crop = request, keep_crop
        self.crop: Crop | None = None


class _CroppingEngine(Engine):
    """The same engine, whose workers also cut the crops while they have the photo decoded.

    To decode a photo again later would cost more than all else that enrolment adds to embedding.
    """

    def __init__(self, engine: Engine) -> None:
        self.__dict__ = engine.__dict__  # its networks, threads and settings, not copies of them

    def _look(self, image: Any, stages: Any, *, embed: bool, quality: bool) -> Any:
        photo = self._load(image.request.photo)
        seen = super()._look(photo, stages, embed=embed, quality=quality)
        index = image.request.face or 0
        if image.keep_crop and index < len(seen.faces):
            image.crop = cut_crop(photo, seen.faces, index)
        return seen
