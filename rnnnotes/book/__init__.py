"""The machinery: how a formula is stated, printed, proved, kept and cited."""
