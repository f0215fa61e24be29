//! The `quietus` command: flags, settings, printing.
fn main() {}
