"""Galleries on their way: into files and out of them, to another store, under another key."""

from visavis.errors import MissingExtra

try:
    from visavis.gallery.transfer.export import Exported, export_gallery
    from visavis.gallery.transfer.load import Imported, import_gallery
    from visavis.gallery.transfer.move import Moved, move_gallery
    from visavis.gallery.transfer.rekey import Rekeyed, rekey_gallery
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] == "visavis":
        raise
    raise MissingExtra(f'galleries need the library {error.name}: pip install "visavis[gallery]"') from error

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
