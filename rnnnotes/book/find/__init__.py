"""All formulas, in chapters and in files, and how one is found."""
