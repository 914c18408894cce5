"""Doors for users of other libraries: `from visavis.compat import face_recognition`."""
