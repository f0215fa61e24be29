//! Archives: any bytes as a tar or a zip, and the kinds that they may be told for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quietus_fuzz::bound_memory;
use quietus_fuzz::unpacked::opened;
use quietus_unpack::Kind;

fuzz_target!(init: bound_memory(192 << 20), |data: &[u8]| {
    opened(&[Kind::Tar, Kind::Zip], data);
});
