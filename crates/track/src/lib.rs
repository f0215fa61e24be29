//! Takes repositories through the whole loop: fetch, scan, validate, reconcile, append.
