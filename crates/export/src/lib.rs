//! Writes items and surveys in other people's formats.
