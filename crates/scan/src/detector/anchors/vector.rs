//! The pass over all bytes, many at a time: the one place of this crate with `unsafe` code.
#![expect(unsafe_code, reason = "vector instructions; each block says why it is sound")]

use super::filter::{Filter, GROUPS, Halves, WIDTH};
use quietus_unpack::may_be_encoded;

/// How many places one mark covers, a bit each.
pub(super) const BLOCK: usize = 64;

/// How far the pass reads beyond the last place it marks.
pub(super) const BEYOND: usize = WIDTH - 1;

/// Which instructions the pass uses. All of them find the same; only those that this processor
/// has can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instructions(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Vbmi,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Instructions {
    /// Every set that this processor has, the slowest first.
    pub(super) fn available() -> impl DoubleEndedIterator<Item = Self> {
        let mut sets = vec![Set::Portable];
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            sets.push(Set::Avx2);
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512vbmi")
        {
            sets.push(Set::Vbmi);
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            sets.push(Set::Neon);
        }
        sets.into_iter().map(Self)
    }

    /// The fastest set that this processor has.
    pub(super) fn fastest() -> Self {
        Self::available().next_back().unwrap_or(Self(Set::Portable))
    }

    /// Marks the places of `bytes`, in blocks of [`BLOCK`], where the filter cannot exclude an
    /// anchor. The sets differ in what they mark besides.
    ///
    /// # Panics
    /// When there are not [`BEYOND`] bytes after the last block.
    pub(super) fn mark(self, filter: &Filter, bytes: &[u8], marks: &mut [u64]) {
        assert!(bytes.len() >= marks.len() * BLOCK + BEYOND, "the blocks end before the bytes do");
        match self.0 {
            Set::Portable => portable(filter, bytes, marks),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this set is only ever made where AVX2 was detected, and the length of
            // `bytes` was just checked.
            Set::Avx2 => unsafe { avx2::mark(&filter.groups, bytes, marks) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this set is only ever made where AVX-512 with BW and VBMI was detected, and
            // the length of `bytes` was just checked.
            Set::Vbmi => unsafe { vbmi::mark(&filter.lowers, bytes, marks) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: this set is only ever made where NEON was detected, and the length of
            // `bytes` was just checked.
            Set::Neon => unsafe { neon::mark(&filter.groups, bytes, marks) },
        }
    }
}

impl Instructions {
    /// Marks the bytes of each block that [may be encoded](quietus_unpack::may_be_encoded).
    ///
    /// # Panics
    /// When there are not as many marks as blocks.
    pub(super) fn mark_encoded(self, blocks: &[[u8; BLOCK]], marks: &mut [u64]) {
        assert_eq!(blocks.len(), marks.len(), "a mark for each block");
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this set is only ever made where AVX2 was detected, and there are as many marks
            // as blocks.
            Set::Avx2 => unsafe { avx2::mark_encoded(blocks, marks) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this set is only ever made where AVX-512 with BW was detected, and there are as
            // many marks as blocks.
            Set::Vbmi => unsafe { vbmi::mark_encoded(blocks, marks) },
            _ => {
                for (block, mark) in blocks.iter().zip(marks) {
                    let bit = |at: usize| u64::from(may_be_encoded(block[at])) << at;
                    *mark = (0..BLOCK).fold(0, |mark, at| mark | bit(at));
                }
            }
        }
    }
}

/// For each low half of a byte, the high halves (a bit each) with which it makes a byte that may be
/// encoded; none of these is beyond ASCII.
#[cfg(target_arch = "x86_64")]
const ENCODED_LOW: [u8; 16] = {
    let mut table = [0; 16];
    let mut byte = 0;
    while byte < 128 {
        if may_be_encoded(byte) {
            table[(byte & 15) as usize] |= 1 << (byte >> 4);
        }
        byte += 1;
    }
    table
};

/// The bit of each high half.
#[cfg(target_arch = "x86_64")]
const ENCODED_HIGH: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

fn portable(filter: &Filter, bytes: &[u8], marks: &mut [u64]) {
    let [first, second, third, fourth] = &*filter.exact;
    for (block, mark) in marks.iter_mut().enumerate() {
        let block = &bytes[block * BLOCK..][..BLOCK + BEYOND];
        *mark = 0;
        for (at, window) in block.windows(WIDTH).enumerate() {
            let &[a, b, c, d] = window else { continue };
            let buckets = first[usize::from(a)]
                & second[usize::from(b)]
                & third[usize::from(c)]
                & fourth[usize::from(d)];
            *mark |= u64::from(buckets != 0) << at;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{BLOCK, GROUPS, Halves, WIDTH};
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
        _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    const HALF: usize = BLOCK / 2;

    /// # Safety
    /// The processor has AVX2, and `bytes` is [`super::BEYOND`] longer than the blocks of `marks`.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn mark(groups: &[Halves; GROUPS], bytes: &[u8], marks: &mut [u64]) {
        let zero = _mm256_setzero_si256();
        let fifteen = _mm256_set1_epi8(15);
        let mut tables = [[[zero; 2]; WIDTH]; GROUPS];
        for (columns, from) in tables.iter_mut().zip(groups) {
            for (halves, from) in columns.iter_mut().zip(from) {
                for (table, from) in halves.iter_mut().zip(from) {
                    // SAFETY: `from` is an array of 16 bytes; the load needs no alignment.
                    let one = unsafe { _mm_loadu_si128(from.as_ptr().cast()) };
                    *table = _mm256_broadcastsi128_si256(one);
                }
            }
        }
        for (block, mark) in marks.iter_mut().enumerate() {
            let mut found = [0u32; 2];
            for (half, found) in found.iter_mut().enumerate() {
                let mut nibbles = [[zero; 2]; WIDTH];
                for (column, [low, high]) in nibbles.iter_mut().enumerate() {
                    let at = block * BLOCK + half * HALF + column;
                    // SAFETY: the last byte read is `at + 31`, at most `block * 64 + 66`, which
                    // the caller promises to be there; the load needs no alignment.
                    let text = unsafe { _mm256_loadu_si256(bytes.as_ptr().add(at).cast()) };
                    *low = _mm256_and_si256(text, fifteen);
                    *high = _mm256_and_si256(_mm256_srli_epi16::<4>(text), fifteen);
                }
                let mut any = zero;
                for columns in &tables {
                    any = _mm256_or_si256(any, buckets(columns, &nibbles));
                }
                *found = !_mm256_movemask_epi8(_mm256_cmpeq_epi8(any, zero)).cast_unsigned();
            }
            *mark = u64::from(found[0]) | u64::from(found[1]) << HALF;
        }
    }

    /// # Safety
    /// The processor has AVX2.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn mark_encoded(blocks: &[[u8; BLOCK]], marks: &mut [u64]) {
        let zero = _mm256_setzero_si256();
        let fifteen = _mm256_set1_epi8(15);
        // SAFETY: arrays of 16 bytes; the loads need no alignment.
        let [low, high] = [&super::ENCODED_LOW, &super::ENCODED_HIGH].map(|table| unsafe {
            _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast()))
        });
        for (block, mark) in blocks.iter().zip(marks) {
            *mark = 0;
            for half in [0, HALF] {
                // SAFETY: 32 of the 64 bytes of a block; the load needs no alignment.
                let text = unsafe { _mm256_loadu_si256(block.as_ptr().add(half).cast()) };
                let of_low = _mm256_shuffle_epi8(low, _mm256_and_si256(text, fifteen));
                let nibble = _mm256_and_si256(_mm256_srli_epi16::<4>(text), fifteen);
                let any = _mm256_and_si256(of_low, _mm256_shuffle_epi8(high, nibble));
                let plain = _mm256_movemask_epi8(_mm256_cmpeq_epi8(any, zero)).cast_unsigned();
                *mark |= u64::from(!plain) << half;
            }
        }
    }

    /// For each of 32 places, the buckets of a group that all four bytes are in.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn buckets(tables: &[[__m256i; 2]; WIDTH], nibbles: &[[__m256i; 2]; WIDTH]) -> __m256i {
        let mut all = _mm256_set1_epi8(-1);
        for ([of_low, of_high], [low, high]) in tables.iter().zip(nibbles) {
            let column = _mm256_and_si256(
                _mm256_shuffle_epi8(*of_low, *low),
                _mm256_shuffle_epi8(*of_high, *high),
            );
            all = _mm256_and_si256(all, column);
        }
        all
    }
}

#[cfg(target_arch = "x86_64")]
mod vbmi {
    use super::super::filter::Lowers;
    use super::{BLOCK, GROUPS, WIDTH};
    use std::arch::x86_64::{
        _mm_loadu_si128, _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_loadu_si512,
        _mm512_or_si512, _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_setzero_si512,
        _mm512_shuffle_epi8, _mm512_srli_epi16, _mm512_test_epi8_mask,
    };

    /// # Safety
    /// The processor has AVX-512 with BW.
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) unsafe fn mark_encoded(blocks: &[[u8; BLOCK]], marks: &mut [u64]) {
        let fifteen = _mm512_set1_epi8(15);
        // SAFETY: arrays of 16 bytes; the loads need no alignment.
        let [low, high] = [&super::ENCODED_LOW, &super::ENCODED_HIGH]
            .map(|table| unsafe { _mm512_broadcast_i32x4(_mm_loadu_si128(table.as_ptr().cast())) });
        for (block, mark) in blocks.iter().zip(marks) {
            // SAFETY: the 64 bytes of a block; the load needs no alignment.
            let text = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
            let of_low = _mm512_shuffle_epi8(low, _mm512_and_si512(text, fifteen));
            let nibble = _mm512_and_si512(_mm512_srli_epi16::<4>(text), fifteen);
            *mark = _mm512_test_epi8_mask(of_low, _mm512_shuffle_epi8(high, nibble));
        }
    }

    /// # Safety
    /// The processor has AVX-512 with BW and VBMI, and `bytes` is [`super::BEYOND`] longer than
    /// the blocks of `marks`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub(super) unsafe fn mark(lowers: &[Lowers; GROUPS], bytes: &[u8], marks: &mut [u64]) {
        let zero = _mm512_setzero_si512();
        let mut tables = [[zero; WIDTH]; GROUPS];
        for (columns, from) in tables.iter_mut().zip(lowers) {
            for (table, from) in columns.iter_mut().zip(from) {
                // SAFETY: `from` is an array of 64 bytes; the load needs no alignment.
                *table = unsafe { _mm512_loadu_si512(from.as_ptr().cast()) };
            }
        }
        for (block, mark) in marks.iter_mut().enumerate() {
            let mut text = [zero; WIDTH];
            for (column, text) in text.iter_mut().enumerate() {
                let at = block * BLOCK + column;
                // SAFETY: the last byte read is `at + 63`, at most `block * 64 + 66`, which the
                // caller promises to be there; the load needs no alignment.
                *text = unsafe { _mm512_loadu_si512(bytes.as_ptr().add(at).cast()) };
            }
            let mut any = zero;
            for [a, b, c, d] in &tables {
                // Six bits of each byte choose from the 64 of a table.
                let first = _mm512_and_si512(
                    _mm512_permutexvar_epi8(text[0], *a),
                    _mm512_permutexvar_epi8(text[1], *b),
                );
                let second = _mm512_and_si512(
                    _mm512_permutexvar_epi8(text[2], *c),
                    _mm512_permutexvar_epi8(text[3], *d),
                );
                any = _mm512_or_si512(any, _mm512_and_si512(first, second));
            }
            *mark = _mm512_test_epi8_mask(any, any);
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::{BLOCK, GROUPS, Halves, WIDTH};
    use std::arch::aarch64::{
        uint8x16_t, vandq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vorrq_u8, vpaddq_u8,
        vqtbl1q_u8, vreinterpretq_u64_u8, vshrq_n_u8, vtstq_u8,
    };

    const QUARTER: usize = BLOCK / 4;

    /// The bit of each byte in the mark of its half.
    const BITS: [u8; QUARTER] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

    /// # Safety
    /// The processor has NEON, and `bytes` is [`super::BEYOND`] longer than the blocks of `marks`.
    #[target_feature(enable = "neon")]
    pub(super) unsafe fn mark(groups: &[Halves; GROUPS], bytes: &[u8], marks: &mut [u64]) {
        let zero = vdupq_n_u8(0);
        let fifteen = vdupq_n_u8(15);
        // SAFETY: an array of 16 bytes.
        let bits = unsafe { vld1q_u8(BITS.as_ptr()) };
        let mut tables = [[[zero; 2]; WIDTH]; GROUPS];
        for (columns, from) in tables.iter_mut().zip(groups) {
            for (halves, from) in columns.iter_mut().zip(from) {
                for (table, from) in halves.iter_mut().zip(from) {
                    // SAFETY: `from` is an array of 16 bytes.
                    *table = unsafe { vld1q_u8(from.as_ptr()) };
                }
            }
        }
        for (block, mark) in marks.iter_mut().enumerate() {
            let mut found = [zero; 4];
            for (quarter, found) in found.iter_mut().enumerate() {
                let mut nibbles = [[zero; 2]; WIDTH];
                for (column, [low, high]) in nibbles.iter_mut().enumerate() {
                    let at = block * BLOCK + quarter * QUARTER + column;
                    // SAFETY: the last byte read is `at + 15`, at most `block * 64 + 66`, which
                    // the caller promises to be there.
                    let text = unsafe { vld1q_u8(bytes.as_ptr().add(at)) };
                    *low = vandq_u8(text, fifteen);
                    *high = vshrq_n_u8::<4>(text);
                }
                let mut any = zero;
                for columns in &tables {
                    any = vorrq_u8(any, buckets(columns, &nibbles));
                }
                *found = vandq_u8(vtstq_u8(any, any), bits);
            }
            let [a, b, c, d] = found;
            let pairs = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
            *mark = vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)));
        }
    }

    /// For each of 16 places, the buckets of a group that all four bytes are in.
    #[target_feature(enable = "neon")]
    #[inline]
    fn buckets(
        tables: &[[uint8x16_t; 2]; WIDTH],
        nibbles: &[[uint8x16_t; 2]; WIDTH],
    ) -> uint8x16_t {
        let mut all = vdupq_n_u8(u8::MAX);
        for ([of_low, of_high], [low, high]) in tables.iter().zip(nibbles) {
            let column = vandq_u8(vqtbl1q_u8(*of_low, *low), vqtbl1q_u8(*of_high, *high));
            all = vandq_u8(all, column);
        }
        all
    }
}
