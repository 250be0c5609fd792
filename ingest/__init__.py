"""Record: file formats become canonical runs, runs enter by one write statement, rollups are folded."""
