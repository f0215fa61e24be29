//! Compressed files: any bytes as each kind of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::bound_memory;
use quietus_fuzz::unpacked::opened;
use quietus_unpack::Kind;

fuzz_target!(init: bound_memory(192 << 20), |data: &[u8]| {
    opened(&[Kind::Gzip, Kind::Bzip2, Kind::Xz, Kind::Zstd], data);
});
