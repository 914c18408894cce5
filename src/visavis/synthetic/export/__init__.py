"""Data out: folders of pictures, clips and recordings with one table of labels, made by many processes, resumable."""

from visavis.synthetic.export.folder import MANIFEST, TABLE
from visavis.synthetic.export.plan import Output, Plan
from visavis.synthetic.export.run import Exported, default_processes, export

__all__ = ["MANIFEST", "TABLE", "Exported", "Output", "Plan", "default_processes", "export"]
