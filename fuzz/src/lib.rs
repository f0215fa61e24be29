//! What the fuzz targets share: choices out of bytes, forged stores, and what must hold of them.

pub mod check;
pub mod feed;
#[path = "../../crates/odb/tests/forged/bytes.rs"]
pub mod forge;
pub mod ground;
pub mod packs;
#[cfg(feature = "scan")]
#[path = "../../crates/scan/src/trial/sample.rs"]
#[allow(dead_code, missing_docs, reason = "the tests of the rules use the rest")]
mod samples;
#[cfg(feature = "scan")]
pub mod texts;

/// Counts what is allocated, and ends the process when it is too much: libFuzzer sees only what C
/// allocates.
#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

/// From now on no more than so many bytes may be allocated at once; a panic may, to say where it was.
pub fn bound_memory(bytes: usize) {
    ALLOCATOR.set_limit(bytes).expect("less is allocated so far");
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let _ = ALLOCATOR.set_limit(usize::MAX);
        tell(panic);
    }));
}
