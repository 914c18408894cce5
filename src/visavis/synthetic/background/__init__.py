"""What is behind the people: rooms, streets, parks, lights at night, studios and walls, mostly out of focus."""

from visavis.synthetic.background.background import BACKGROUND_KINDS, BACKGROUND_PLACES, Background

__all__ = ["BACKGROUND_KINDS", "BACKGROUND_PLACES", "Background"]
