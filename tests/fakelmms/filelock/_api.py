"""Is there, as lmms-eval needs it."""
