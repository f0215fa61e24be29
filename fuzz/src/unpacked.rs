//! What must hold of whatever is opened, however hostile.

use quietus_unpack::{Bounds, Kind, Member, Reason, members, members_of};

const BOUNDS: Bounds =
    Bounds { depth: 4, total: 1 << 20, member: 1 << 19, members: 200, ratio: 100 };

/// Opens `data` as one of `kinds`, which its first byte chooses, or as what it looks like.
pub fn opened(kinds: &[Kind], data: &[u8]) {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let (mut sum, mut count) = (0, 0);
    let mut found = |member: Member<'_>| {
        sum += member.bytes.len() as u64;
        count += 1;
        assert!(member.bytes.len() as u64 <= BOUNDS.member);
        assert!((1..=BOUNDS.depth).contains(&member.depth));
        assert!(!member.path.is_empty() && !member.path.chars().any(char::is_control));
    };
    let gaps = match kinds.get(usize::from(choice)) {
        Some(&kind) => members_of(kind, bytes, &BOUNDS, &mut found),
        None => members(bytes, &BOUNDS, &mut found),
    };
    assert!(sum <= BOUNDS.total && count <= BOUNDS.members);
    assert!(
        gaps.len() <= 1001
            && (gaps.len() == 1001) == gaps.iter().any(|gap| gap.reason == Reason::More)
    );
}
