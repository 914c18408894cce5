"""The search tier: templates in memory, exact search by default, an approximate index on request."""

from visavis.gallery.search.approximate import ApproximateIndex
from visavis.gallery.search.hits import Hits
from visavis.gallery.search.recall import Recall
from visavis.gallery.search.tier import SearchTier

__all__ = ["ApproximateIndex", "Hits", "Recall", "SearchTier"]
