"""A stand-in for lmms-eval: reads its command line and rows on this disk, asks the server and the judge, and writes what lmms-eval writes."""
