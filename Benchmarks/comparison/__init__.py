"""The service beside what C programmers would stand up instead: see ../run."""
