//! Decides what must be done, by when, and when it is done.
