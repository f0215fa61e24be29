//! The rules that ship with Quietus, embedded and indexed.
