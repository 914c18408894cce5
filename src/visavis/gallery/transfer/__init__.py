"""Galleries on their way: into files and out of them, to another store, under another key."""

from visavis.gallery.transfer.export import Exported, export_gallery
from visavis.gallery.transfer.load import Imported, import_gallery
from visavis.gallery.transfer.move import Moved, move_gallery
from visavis.gallery.transfer.rekey import Rekeyed, rekey_gallery

__all__ = [
    "Exported",
    "Imported",
    "Moved",
    "Rekeyed",
    "export_gallery",
    "import_gallery",
    "move_gallery",
    "rekey_gallery",
]
