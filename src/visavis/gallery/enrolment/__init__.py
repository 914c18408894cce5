"""Enrolment of photos, with a guard against what poisons galleries."""

from visavis.gallery.enrolment.findings import Finding, Guard, Kind
from visavis.gallery.enrolment.folder import FolderPhotos, Photos, photos_at, photos_in
from visavis.gallery.enrolment.photos import PhotoOf, reference_id
from visavis.gallery.enrolment.report import EnrolmentReport, Outcome, Status
from visavis.gallery.enrolment.run import Enrolment, enrol_folder, enrol_photo, enrol_photos
from visavis.gallery.enrolment.writing import Settings

__all__ = [
    "Enrolment",
    "EnrolmentReport",
    "Finding",
    "FolderPhotos",
    "Guard",
    "Kind",
    "Outcome",
    "PhotoOf",
    "Photos",
    "Settings",
    "Status",
    "enrol_folder",
    "enrol_photo",
    "enrol_photos",
    "photos_at",
    "photos_in",
    "reference_id",
]
