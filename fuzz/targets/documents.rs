//! Documents: any bytes as each kind of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::bound_memory;
use quietus_fuzz::unpacked::opened;
use quietus_unpack::Kind;

const KINDS: [Kind; 8] = [
    Kind::Sqlite,
    Kind::Pdf,
    Kind::Pyc,
    Kind::Class,
    Kind::Executable,
    Kind::Mail,
    Kind::Office,
    Kind::Notebook,
];

fuzz_target!(init: bound_memory(192 << 20), |data: &[u8]| opened(&KINDS, data));
