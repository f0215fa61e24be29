//! Bytes in, hits out: sources, prefilter, rules, decoding, sifting, pairing, attribution.
