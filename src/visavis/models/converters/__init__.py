"""Published weight files turned into what visavis runs: one converter a format, without their own libraries."""
