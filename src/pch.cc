// The object library whose precompiled header the others share needs a source.
