"""Another model for a gallery: every face embedded again; and whether two models' templates may be compared."""

from visavis.gallery.upgrade.report import Dropped, Missing, RenewedThreshold, Upgraded
from visavis.gallery.upgrade.run import abort_upgrade, upgrade
from visavis.gallery.upgrade.state import UnderWay, upgrade_under_way

__all__ = [
    "Dropped",
    "Missing",
    "RenewedThreshold",
    "UnderWay",
    "Upgraded",
    "abort_upgrade",
    "upgrade",
    "upgrade_under_way",
]
