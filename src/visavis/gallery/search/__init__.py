"""The search tier: templates in memory, exact search by default, an approximate index on request."""

from visavis.gallery.search.hits import Hits
from visavis.gallery.search.tier import SearchTier

__all__ = ["Hits", "SearchTier"]
